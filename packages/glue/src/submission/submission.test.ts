import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { glueTasks, splitLayout } from '../tasks/glue-tasks.js';
import { checkPredictions } from './check.js';
import { formatPredictions } from './format.js';

const examples = (n: number) => Array.from({ length: n }, (_, index) => ({ index }));

describe('formatPredictions', () => {
  it('writes indices, names and numbers as the server wants them', () => {
    expect(formatPredictions(glueTasks.cola, examples(2), [1, 0])).toBe('index\tprediction\n0\t1\n1\t0\n');
    expect(formatPredictions(glueTasks.rte, examples(2), [1, 0])).toBe('index\tprediction\n0\tnot_entailment\n1\tentailment\n');
    expect(formatPredictions(glueTasks.mnli, examples(3), [0, 1, 2])).toBe('index\tprediction\n0\tentailment\n1\tneutral\n2\tcontradiction\n');
    expect(formatPredictions(glueTasks.wnli, examples(1), [1])).toBe('index\tprediction\n0\t1\n');
    expect(formatPredictions(glueTasks.stsb, examples(4), [-0.2, 3.14159, 5.3, 5])).toBe('index\tprediction\n0\t0.000\n1\t3.142\n2\t5.000\n3\t5.000\n');
  });

  it('refuses what is no prediction', () => {
    expect(() => formatPredictions(glueTasks.rte, examples(2), [1])).toThrow(/RTE: 1 predictions for 2 examples/);
    expect(() => formatPredictions(glueTasks.rte, examples(1), [2])).toThrow(/RTE, index 0: 2 is no class/);
    expect(() => formatPredictions(glueTasks.stsb, examples(1), [Number.NaN])).toThrow(/STS-B, index 0: NaN is no finite number/);
  });
});

describe('checkPredictions', () => {
  const wnli = formatPredictions(glueTasks.wnli, examples(146), Array<number>(146).fill(1));
  const check = (text: string) => checkPredictions(glueTasks.wnli, 'test', text);

  it('takes what formatPredictions writes, for every file of the server', () => {
    for (const task of Object.values(glueTasks)) {
      for (const { split } of task.submissions) {
        const { rows } = splitLayout(task, split);
        if (rows > 4000) continue; // the same code, and slower
        const classes = task.target.kind === 'classes' ? task.target.labels.length : 6;
        expect(
          checkPredictions(
            task,
            split,
            formatPredictions(
              task,
              examples(rows),
              Array.from({ length: rows }, (_, i) => i % classes),
            ),
          ),
        ).toEqual([]);
      }
    }
  });

  it('takes a byte order mark and the line ends of Windows', () => {
    expect(check(`\uFEFF${wnli.replaceAll('\n', '\r\n')}`)).toEqual([]);
  });

  it.each([
    ['an empty file', '', [{ line: undefined, column: undefined, what: 'the file is empty' }]],
    ['another header', wnli.replace('index', 'id'), [{ line: 1, column: undefined, what: "the header is not 'index<TAB>prediction'" }]],
    [
      'another label',
      wnli.replace('\n3\t1\n', '\n3\tentailment\n'),
      [{ line: 5, column: 'column 2 (prediction)', what: "there is no prediction 'entailment'; there are: 0, 1" }],
    ],
    ['an index that jumps', wnli.replace('\n3\t1\n', '\n4\t1\n'), [{ line: 5, column: 'column 1 (index)', what: "is '4' instead of 3" }]],
    ['a row of one column', wnli.replace('\n3\t1\n', '\n3 1\n'), [{ line: 5, column: undefined, what: 'has 1 column instead of 2' }]],
    ['a row too many', `${wnli}146\t0\n`, [{ line: undefined, column: undefined, what: 'has 147 predictions instead of 146' }]],
    ['a file of one row', wnli.split('\n').slice(0, 2).join('\n'), [{ line: undefined, column: undefined, what: 'has 1 prediction instead of 146' }]],
  ])('tells of %s', (_, text, problems) => {
    expect(check(text)).toEqual(problems);
  });

  it('quotes no more of a cell than says what it is', () => {
    const [index, label] = check(wnli.replace('\n3\t1\n', `\n${'3'.repeat(9000)}\t${'x'.repeat(9000)}\n`));
    for (const problem of [index, label]) expect(problem!.what.length).toBeLessThan(100);
  });

  it('tells of a number out of range', () => {
    const text = formatPredictions(glueTasks.stsb, examples(1379), Array<number>(1379).fill(2)).replace('\n7\t2.000', '\n7\t5.1');
    expect(checkPredictions(glueTasks.stsb, 'test', text)).toEqual([
      { line: 9, column: 'column 2 (prediction)', what: '5.1 is out of range; predictions are numbers from 0 to 5' },
    ]);
  });

  it('finds any one row that is lost', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 146 }), (row) => {
        const lines = wnli.split('\n');
        lines.splice(row, 1);
        expect(check(lines.join('\n')).at(-1)?.what).toBe('has 145 predictions instead of 146');
      }),
    );
  });
});

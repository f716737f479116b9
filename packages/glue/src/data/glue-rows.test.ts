import fc from 'fast-check';
import { expect, it } from 'vitest';
import { glueTasks, splitLayout } from '../tasks/glue-tasks.js';
import { glueRows } from './glue-rows.js';

const layout = splitLayout(glueTasks.rte, 'train');
const header = 'index\tsentence1\tsentence2\tlabel';
/** Anything that a cell can hold, quotes and odd separators included. */
const cell = fc
  .string({ unit: fc.constantFrom('a', '"', "'", ',', '\u2028', '\u00a0', '漢', '😀', '\\'), minLength: 1, maxLength: 8 })
  .map((body) => `x${body}`);

it('reads back any texts, and loses no row: examples and skipped rows are all there are', () => {
  const good = fc
    .tuple(cell, cell, fc.integer({ min: 0, max: 1 }))
    .map(([a, b, label]) => ({ kind: 'good', row: ['0', a, b, ['entailment', 'not_entailment'][label]!], label }));
  const short = cell.map((a) => ({ kind: 'short', row: ['0', a], label: 0 }));
  const empty = cell.map((a) => ({ kind: 'empty', row: ['0', a, '', 'entailment'], label: 0 }));
  fc.assert(
    fc.property(good, fc.array(fc.oneof(good, short, empty), { maxLength: 12 }), (first, others) => {
      const all = [first, ...others];
      const rows = glueRows(glueTasks.rte, layout, 'train.tsv');
      for (const line of [header, ...all.map(({ row }) => row.join('\t'))]) rows.read(line);
      const { examples, warnings } = rows.end();
      expect(examples).toEqual(all.flatMap(({ kind, row, label }, index) => (kind === 'good' ? [{ index, texts: [row[1], row[2]], label }] : [])));
      const skipped = warnings.reduce((sum, warning) => sum + Number(/skipped (\d+) row/.exec(warning)![1]), 0);
      expect(examples.length + skipped).toBe(all.length);
    }),
  );
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelled } from './read-labelled.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-labelled-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const single = { text: 'sentence', label: 'label' } as const;

describe('readLabelled', () => {
  const expected = {
    task: { name: 'mine', texts: 1, target: { kind: 'classes', labels: ['bad', 'good'] }, metrics: ['accuracy'] },
    examples: [
      { index: 0, texts: ['a "fine" day, really'], label: 1 },
      { index: 1, texts: ['it rained'], label: 0 },
    ],
    warnings: [],
  };

  it.each([
    ['mine.tsv', '\uFEFFid\tsentence\tlabel\r\n7\ta "fine" day, really\tgood\r\n\r\n8\tit rained\tbad\r\n'],
    ['mine.csv', '\uFEFFlabel,sentence\ngood,"a ""fine"" day, really"\n\nbad,it rained\n'],
    ['mine.jsonl', '{"sentence":"a \\"fine\\" day, really","label":"good"}\n\n{"label":"bad","sentence":"it rained","more":1}'],
  ])('reads single texts and classes from %s', async (name, text) => {
    const file = write(name, text);
    expect(await readLabelled(file, single)).toEqual({ source: file, ...expected });
  });

  it('reads pairs, and orders whole numbers by value', async () => {
    const file = write('pairs.tsv', 'a\tb\tstars\none\ttwo\t10\nthree\tfour\t9\n');
    expect(await readLabelled(file, { text: ['a', 'b'], label: 'stars', metrics: ['accuracy', 'f1'] })).toMatchObject({
      task: { texts: 2, target: { kind: 'classes', labels: ['9', '10'] }, metrics: ['accuracy', 'f1'] },
      examples: [
        { texts: ['one', 'two'], label: 1 },
        { texts: ['three', 'four'], label: 0 },
      ],
    });
  });

  it('takes numbers for a number where one is not whole, or where that is asked for', async () => {
    const halves = await readLabelled(write('n.jsonl', '{"t":"a","y":0.5}\n{"t":"b","y":"2"}\n'), { text: 't', label: 'y' });
    expect(halves).toMatchObject({ task: { target: { kind: 'number' }, metrics: ['pearson', 'spearman'] }, examples: [{ label: 0.5 }, { label: 2 }] });
    const whole = write('whole.tsv', 't\ty\na\t3\nb\t4\n');
    expect((await readLabelled(whole, { text: 't', label: 'y', target: 'number' })).examples.map(({ label }) => label)).toEqual([3, 4]);
  });

  it('reads the development set by the task of the training set, and texts without labels', async () => {
    const { task } = await readLabelled(write('train.tsv', 'sentence\tlabel\na\tno\nb\tyes\nc\tmaybe\n'), single);
    const dev = await readLabelled(write('dev.tsv', 'sentence\tlabel\nd\tyes\n'), { ...single, task });
    expect(dev).toMatchObject({ task, examples: [{ label: 2 }] });
    expect((await readLabelled(write('new.csv', 'sentence\nonly a text\n'), { text: 'sentence', task })).examples).toEqual([
      { index: 0, texts: ['only a text'], label: undefined },
    ]);
    await expect(readLabelled(write('dev.tsv', 'sentence\tlabel\nd\tyes\ne\tnope\n'), { ...single, task })).rejects.toThrow(
      /dev\.tsv, line 3, column 2 \(label\): there is no label 'nope'; did you mean 'no'\?/,
    );
  });

  it('reads back any text that a CSV file can hold, and the line on which each record begins', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', '\t', ' ', '漢'), minLength: 1, maxLength: 12 }).map((body) => `x${body}`);
    const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 6 }), async (texts) => {
        const records = texts.map((one, i) => `${quoted(one)},${i % 2}\n`);
        const file = write('any.csv', `sentence,label\n${records.join('')}`);
        const { examples } = await readLabelled(file, single);
        expect(examples.map((one) => one.texts[0])).toEqual(texts);
        write('any.csv', `sentence,label\n${records.join('')}short\n`);
        const lines = records.join('').split('\n').length;
        await expect(readLabelled(file, single)).rejects.toThrow(`any.csv, line ${lines + 1}, column 2 (label): is missing`);
      }),
      { numRuns: 50 },
    );
  });

  it('reads a CSV file whose lines end in two ways, or in CR alone', async () => {
    for (const text of ['sentence,label\r\na,good\nb,bad\r\n', 'sentence,label\ra,good\rb,bad\r', 'sentence,label,,\na,good,,\nb,bad,,\n'])
      expect((await readLabelled(write('ends.csv', text), single)).examples.map(({ texts, label }) => [texts[0], label])).toEqual([
        ['a', 1],
        ['b', 0],
      ]);
  });

  it('refuses metrics that do not fit what is predicted', async () => {
    const three = write('three.tsv', 't\ty\na\tu\nb\tv\nc\tw\n');
    await expect(readLabelled(three, { text: 't', label: 'y', metrics: ['f1'] })).rejects.toThrow(
      /'f1' is no metric of 3 classes; there are: accuracy, matthews/,
    );
    const numbers = write('numbers.tsv', 't\ty\na\t1.5\nb\t2\n');
    await expect(readLabelled(numbers, { text: 't', label: 'y', metrics: ['accuracy'] })).rejects.toThrow(/'accuracy' is no metric of a number/);
  });

  it('names the line on which a quoted record begins', async () => {
    const file = write('long.csv', 'sentence,label\n"over\ntwo lines",good\nshort\n');
    await expect(readLabelled(file, single)).rejects.toThrow(`${file}, line 4, column 2 (label): is missing: the row has 1 cell of 2`);
  });

  it.each<[string, string, string, RegExp]>([
    ['an empty file', 'x.tsv', '', /x\.tsv: the file is empty; its first line names the columns/],
    ['an empty file of JSON', 'x.jsonl', '\n', /x\.jsonl: there are no examples in it/],
    ['a header only', 'x.csv', 'sentence,label\n', /x\.csv: there are no examples in it/],
    ['a column that is not there', 'x.tsv', 'sentance\tlabel\na\tb\n', /x\.tsv, line 1: the header has no column 'sentence'; did you mean 'sentance'\?/],
    ['a column that is there twice', 'x.tsv', 'sentence\tlabel\tlabel\na\tb\tc\n', /line 1: the header names 'label' twice/],
    ['a short row', 'x.tsv', 'sentence\tlabel\na\tgood\nb\n', /x\.tsv, line 3, column 2 \(label\): is missing: the row has 1 cell of 2/],
    ['a row of tabs alone', 'x.tsv', 'sentence\tlabel\na\tgood\n\t\n', /x\.tsv, line 3, column 1 \(sentence\): there is no text/],
    ['a long row', 'x.csv', 'sentence,label\na,good\nb, c,bad\n', /x\.csv, line 3: has 3 cells, and the header 2/],
    ['no text', 'x.tsv', 'sentence\tlabel\na\tgood\n \tbad\n', /line 3, column 1 \(sentence\): there is no text/],
    ['no label', 'x.tsv', 'sentence\tlabel\na\tgood\nb\t\nc\tbad\n', /line 3, column 2 \(label\): there is no label/],
    ['no label anywhere', 'x.csv', 'sentence,label\na,\nb, \n', /x\.csv, line 2, column 2 \(label\): there is no label/],
    ['a header without end', 'x.tsv', `${'x'.repeat(9000)}\na\n`, /the header has no column 'sentence'; there are: x{40}…$/],
    ['a label without end', 'x.jsonl', `{"sentence":"a","label":["${'x'.repeat(9000)}"]}\n`, /field 'label': \["x{38}… is no label$/],
    [
      'a number that JSON cannot hold',
      'x.jsonl',
      '{"sentence":"a","label":9007199254740993}\n',
      /line 1, field 'label': is a whole number beyond 2\^53, where those of JSON are not exact; put quotes around it/,
    ],
    ['one class', 'x.tsv', 'sentence\tlabel\na\tgood\n', /every label is 'good'; there must be two classes at least/],
    [
      'an open quote',
      'x.csv',
      'sentence,label\n"a,good\nb,bad\n',
      /x\.csv, line 2: a quote is opened and not closed; put quotes around a cell, and double those inside/,
    ],
    ['a quote inside a cell', 'x.csv', 'sentence,label\na "fine" day,good\n', /x\.csv, line 2: there is a quote inside a cell/],
    ['text behind a quote', 'x.csv', 'sentence,label\na,good\n"b" c,bad\n', /x\.csv, line 3: there is text behind a closing quote/],
    ['no JSON', 'x.jsonl', '{"sentence":"a","label":"b"}\n{"sentence":\n', /x\.jsonl, line 2: is no JSON; each line is a JSON object/],
    ['JSON that is no object', 'x.jsonl', '["a","b"]\n', /x\.jsonl, line 1: is no JSON object/],
    ['a field that is not there', 'x.jsonl', '{"sentence":"a","labels":"b"}\n', /x\.jsonl, line 1: has no field 'label'; did you mean 'labels'\?/],
    ['a text that is none', 'x.jsonl', '{"sentence":5,"label":"b"}\n', /x\.jsonl, line 1, field 'sentence': 5 is no text/],
    ['a label that is none', 'x.jsonl', '{"sentence":"a","label":null}\n', /x\.jsonl, line 1, field 'label': null is no label/],
    ['another kind of file', 'x.xlsx', 'a', /no way is known to read a file that ends in '\.xlsx'; give one that ends in \.tsv, \.csv, \.jsonl, \.ndjson/],
  ])('refuses %s', async (_, name, text, message) => {
    const file = write(name, text);
    await expect(readLabelled(file, single)).rejects.toThrow(message);
    await expect(readLabelled(file, single)).rejects.toMatchObject({ code: 'HOOKLINE_DATA' });
  });

  it('refuses labels that speak against what they seem to stand for, unless that is said', async () => {
    const scores = write('scores.tsv', 't\ty\na\t0.5\nb\tn/a\nc\t1.25\n');
    await expect(readLabelled(scores, { text: 't', label: 'y' })).rejects.toThrow(
      /scores\.tsv, line 3, column 2 \(y\): 'n\/a' is no number, and most labels are; .*--target classes/,
    );
    expect((await readLabelled(scores, { text: 't', label: 'y', target: 'classes' })).task.target).toMatchObject({ labels: ['0.5', '1.25', 'n/a'] });
    const ids = write('ids.csv', `t,y\n${Array.from({ length: 30 }, (_, i) => `text ${i},${i}\n`).join('')}`);
    await expect(readLabelled(ids, { text: 't', label: 'y' })).rejects.toThrow(/ids\.csv, column 2 \(y\): the 30 labels make 30 classes; .*--target number/);
    expect((await readLabelled(ids, { text: 't', label: 'y', target: 'number' })).task.target).toEqual({ kind: 'number' });
  });

  it('refuses a number that is none, a missing file, and options that contradict each other', async () => {
    const numbers = write('numbers.tsv', 't\ty\na\t1.5\nb\tmany\n');
    await expect(readLabelled(numbers, { text: 't', label: 'y', target: 'number' })).rejects.toThrow(/line 3, column 2 \(y\): 'many' is no number/);
    await expect(readLabelled(join(folder, 'no.tsv'), single)).rejects.toMatchObject({ code: 'HOOKLINE_DATA_MISSING' });
    await expect(readLabelled(folder, single)).rejects.toThrow(/is a folder, not a file/);
    await expect(readLabelled(numbers, { text: 't' })).rejects.toThrow(/does not say what is to be predicted/);
    const { task } = await readLabelled(numbers, { text: 't', label: 'y' });
    await expect(readLabelled(numbers, { text: ['t', 'y'], task })).rejects.toThrow(/the task has 1 text an example, not 2/);
    await expect(readLabelled(numbers, { text: 't', label: 't' })).rejects.toThrow(/the column 't' is both a text and the label/);
    await expect(readLabelled(numbers, { text: 't', task: { name: 'mine', texts: 1 } as never })).rejects.toMatchObject({ code: 'HOOKLINE_OPTIONS' });
    await expect(readLabelled(numbers, { ...single, task, target: 'number' })).rejects.toThrow(/leave out 'target' and 'metrics'/);
  });
});

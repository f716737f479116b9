import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { glueTasks } from '../tasks/glue-tasks.js';
import { readGlue } from './read-glue.js';

const fixtures = join(import.meta.dirname, '../../test/fixtures');
const [official, hub, odd] = [join(fixtures, 'glue'), join(fixtures, 'glue-parquet'), join(fixtures, 'odd-parquet')];
const everySplit = Object.values(glueTasks).flatMap((task) => Object.keys(task.splits).map((split) => ({ task: task.name, split })));

describe('the two layouts', () => {
  it.each(everySplit)('$task $split: the official file and Parquet give the same examples', async ({ task, split }) => {
    const fromTsv = await readGlue({ task, split, data: official });
    const fromParquet = await readGlue({ task, split, data: hub });
    expect(fromTsv.warnings).toEqual([]);
    expect(fromTsv.examples).toHaveLength(split === 'train' ? 5 : 3);
    expect(fromParquet).toEqual({ ...fromTsv, source: fromParquet.source });
    expect(fromTsv.examples[1]!.texts).toEqual(["a dog's bark , far away", ...(glueTasks[task].texts === 2 ? ['no animal is heard'] : [])]);
  });

  it('read the labels as the task has them', async () => {
    const labels = async (task: string, split = 'train') => (await readGlue({ task, split, data: official })).examples.map(({ label }) => label);
    expect(await labels('cola')).toEqual([1, 0, 1, 1, 0]);
    expect(await labels('MNLI')).toEqual([0, 1, 2, 1, 0]);
    expect(await labels('rte')).toEqual([1, 0, 1, 1, 0]);
    expect(await labels('stsb')).toEqual([5, 0, 3.8, 2.25, 1.4]);
    expect(await labels('ax', 'test')).toEqual([undefined, undefined, undefined]);
  });

  it('take a quote for what it is', async () => {
    const { examples } = await readGlue({ task: 'qqp', split: 'train', data: official });
    expect(examples[0]!.texts[0]).toBe('the "old" mill turns slowly .');
    expect(examples[4]!.texts[1]).toBe('he never stops "');
  });
});

describe('official files that are not as they should be', () => {
  let data = '';
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'hookline-glue-'));
    cpSync(official, data, { recursive: true });
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  const write = (file: string, text: string | Uint8Array): string => {
    writeFileSync(join(data, file), text);
    return join(data, file);
  };
  const read = (task: string, split: string) => readGlue({ task, split, data });

  it('skip rows that are short, long, blank or empty, count them, and keep the indices of the others', async () => {
    const header = readFileSync(join(official, 'QQP/train.tsv'), 'utf8').split('\n')[0]!;
    const rows = ['1\t1\t2\tone ?\ttwo ?\t1', '2\t3\t4\tcut of', '', '3\t5\t6\tthree ?\t\t0', '4\t7', '5\t1\t2\ta\tb\tc\t1', '6\t1\t2\tsix ?\tseven ?\t0'];
    const file = write('QQP/train.tsv', `${[header, ...rows].join('\r\n')}\r\n`);
    const { examples, warnings } = await read('qqp', 'train');
    expect(examples).toEqual([
      { index: 0, texts: ['one ?', 'two ?'], label: 1 },
      { index: 5, texts: ['six ?', 'seven ?'], label: 0 },
    ]);
    expect(warnings).toEqual([
      `${file}: skipped 2 rows, of fewer than 6 columns (the first in line 3)`,
      `${file}: skipped 1 row, blank (line 4)`,
      `${file}: skipped 1 row, with an empty text (line 5)`,
      `${file}: skipped 1 row, of more than 6 columns (line 7)`,
    ]);
  });

  it('give an index to a row of tabs alone, as csv readers do', async () => {
    const file = write('SST-2/train.tsv', 'sentence\tlabel\nfine\t1\n\t\n\nbad\t0\n');
    const { examples, warnings } = await read('sst2', 'train');
    expect(examples.map(({ index }) => index)).toEqual([0, 2]);
    expect(warnings).toEqual([`${file}: skipped 1 row, with an empty text (line 3)`, `${file}: skipped 1 row, blank (line 4)`]);
  });

  it.each([
    ['missing', '0\ta\tb\n2\ta\tb\n', 'line 3, column 1 (index): 2 does not follow 0; rows are missing or out of order'],
    ['there twice', '0\ta\tb\n0\ta\tb\n', 'line 3, column 1 (index): 0 does not follow 0'],
    ['numbered by a word', 'one\ta\tb\n', "line 2, column 1 (index): 'one' is no number of a row"],
    ['blank but for tabs', '0\ta\tb\n\t\t\n', "line 3, column 1 (index): '' is no number of a row"],
  ])('refuse a test set in which a row is %s', async (_, rows, message) => {
    const file = write('RTE/test.tsv', `index\tsentence1\tsentence2\n${rows}`);
    await expect(read('rte', 'test')).rejects.toThrow(`${file}, ${message}`);
  });

  it('keep an empty text in a test set: the server wants a prediction for it', async () => {
    write('QQP/test.tsv', 'id\tquestion1\tquestion2\n0\ta ?\t\n1\tb ?\tc ?\n');
    expect((await read('qqp', 'test')).examples).toEqual([
      { index: 0, texts: ['a ?', ''], label: undefined },
      { index: 1, texts: ['b ?', 'c ?'], label: undefined },
    ]);
  });

  it.each<[string, string, string, string, RegExp]>([
    [
      'a header of another task',
      'rte',
      'dev',
      'RTE/dev.tsv index\tquestion\tsentence2\tlabel',
      /dev\.tsv, line 1, column 2 \(sentence1\): the header has 'question' here; the header/,
    ],
    ['a header that is cut short', 'rte', 'dev', 'RTE/dev.tsv index\tsentence1\tsentence2', /line 1, column 4 \(label\): the header has nothing here/],
    ['a header that goes on', 'sst2', 'dev', 'SST-2/dev.tsv sentence\tlabel\tx', /line 1: the header has 3 columns instead of 2/],
    ['no header', 'sst2', 'dev', 'SST-2/dev.tsv a fine day\t1', /line 1, column 1 \(sentence\): the header has 'a fine day' here/],
    [
      'a header where none belongs',
      'cola',
      'dev',
      'CoLA/dev.tsv source\tlabel\tmark\tsentence',
      /line 1, column 2 \(label\): there is no label 'label'; there are: 0, 1/,
    ],
    [
      'an unknown label',
      'rte',
      'dev',
      'RTE/dev.tsv index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n1\ta\tb\tentailed',
      /RTE.dev\.tsv, line 3, column 4 \(label\): there is no label 'entailed'/,
    ],
    [
      'a name where an index belongs',
      'wnli',
      'dev',
      'WNLI/dev.tsv index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment',
      /line 2, column 4 \(label\): there is no label 'entailment'; there are: 0, 1/,
    ],
    ['no label', 'sst2', 'dev', 'SST-2/dev.tsv sentence\tlabel\na\t', /line 2, column 2 \(label\): there is no label/],
    ['an empty file', 'sst2', 'dev', 'SST-2/dev.tsv ', /dev\.tsv: the file is empty/],
    ['a file with a header only', 'sst2', 'dev', 'SST-2/dev.tsv sentence\tlabel\n', /dev\.tsv: there are no rows below the header/],
    ['a file of short rows', 'sst2', 'dev', 'SST-2/dev.tsv sentence\tlabel\na\n', /dev\.tsv: no row can be used/],
    [
      'a long header with control characters',
      'sst2',
      'dev',
      `SST-2/dev.tsv sentence${'\0x'.repeat(100)}\tlabel`,
      /the header has 'sentence(\\x00x){16}…' here/,
    ],
  ])('%s', async (_, task, split, file, message) => {
    const space = file.indexOf(' ');
    write(file.slice(0, space), file.slice(space + 1));
    await expect(read(task, split)).rejects.toThrow(message);
    await expect(read(task, split)).rejects.toMatchObject({ code: 'HOOKLINE_DATA' });
  });

  it.each([
    ['5.001', '5.001 is out of range; labels are numbers from 0 to 5'],
    ['-0.1', '-0.1 is out of range; labels are numbers from 0 to 5'],
    ['NaN', "'NaN' is no number; labels are numbers from 0 to 5"],
    ['0x1', "'0x1' is no number; labels are numbers from 0 to 5"],
    ['', 'there is no label; labels are numbers from 0 to 5'],
  ])('a score of "%s"', async (score, message) => {
    const [header, first] = readFileSync(join(official, 'STS-B/dev.tsv'), 'utf8').split('\n');
    const file = write('STS-B/dev.tsv', [header, first, first!.replace(/[\d.]+$/, score)].join('\n'));
    await expect(read('stsb', 'dev')).rejects.toThrow(`${file}, line 3, column 10 (score): ${message}`);
  });

  it('that are not UTF-8, or not there', async () => {
    write('SST-2/dev.tsv', Uint8Array.from([0x61, 0xe9, 0x0a]));
    await expect(read('sst2', 'dev')).rejects.toMatchObject({ code: 'HOOKLINE_UTF8' });
    rmSync(join(data, 'CoLA'), { recursive: true });
    await expect(read('cola', 'train')).rejects.toThrow(/there is no CoLA train set in .*; see `hookline data glue --dir /);
    await expect(read('cola', 'dev_matched')).rejects.toMatchObject({ code: 'HOOKLINE_SPLIT' });
    await expect(read('nothing', 'dev')).rejects.toMatchObject({ code: 'HOOKLINE_TASK' });
    const file = join(data, 'RTE/dev.tsv');
    await expect(readGlue({ task: 'rte', split: 'dev', data: file })).rejects.toThrow(`${file} is a file, not a folder`);
    await expect(readGlue({ task: 'rte', split: 'dev', data: join(file, 'x') })).rejects.toMatchObject({ code: 'HOOKLINE_DATA_MISSING' });
  });
});

describe('Parquet files that are not as they should be', () => {
  const read = (task: string, split: string, data = odd) => readGlue({ task, split, data });

  it('with ids in another order: mapped through the names in the file', async () => {
    const { examples } = await read('mnli', 'train');
    expect(examples.map(({ label }) => label)).toEqual([0, 1, 2, 1, 0]);
  });

  it('with a text that is missing or empty: skipped and counted', async () => {
    const { examples, warnings } = await read('qqp', 'train');
    expect(examples.map(({ index }) => index)).toEqual([0, 2, 3]);
    expect(warnings).toEqual([
      expect.stringMatching(/train-00000-of-00001\.parquet: skipped 1 row, with an empty text \(row 2\)$/),
      expect.stringMatching(/skipped 1 row, without a text \(row 5\)$/),
    ]);
  });

  it.each([
    ['rte', 'train', /train-00000-of-00001\.parquet, column 'sentence2': is missing; the columns are: sentence1, hypothesis, label, idx/],
    ['rte', 'dev', /validation-00000-of-00001\.parquet, row 3, column 'label': there is no class with the id 2; the ids are 0 to 1/],
    ['wnli', 'train', /column 'label': holds FLOAT where INT64 or INT32 belongs/],
    ['wnli', 'dev', /column 'label': the file names a class 'maybe'; the classes of this task are: not_entailment, entailment/],
    ['stsb', 'train', /row 2, column 'label': 5\.5 is out of range; labels are numbers from 0 to 5/],
    ['cola', 'train', /train-00000-of-00002\.parquet is missing; `hookline data glue --download` fetches it/],
    ['rte', 'test', /test-00000-of-00001\.parquet, row 3, column 'idx': 1 is there twice/],
    ['qnli', 'test', /row 2, column 'idx': null is no number of a row/],
    ['qnli', 'train', /train-00000-of-00001\.parquet: is packed by GZIP, which is not read; write it with Snappy/],
  ])('%s %s', async (task, split, message) => {
    await expect(read(task, split)).rejects.toThrow(message);
  });

  it('that are cut off, or shards of two versions', async () => {
    const data = mkdtempSync(join(tmpdir(), 'hookline-glue-'));
    cpSync(join(hub, 'sst2'), join(data, 'sst2'), { recursive: true });
    const shard = join(data, 'sst2', 'train-00000-of-00002.parquet');
    writeFileSync(shard, readFileSync(shard).subarray(0, 500));
    await expect(read('sst2', 'train', data)).rejects.toThrow(/train-00000-of-00002\.parquet: is no Parquet file, or is damaged/);
    writeFileSync(shard, '');
    await expect(read('sst2', 'train', data)).rejects.toThrow(/train-00000-of-00002\.parquet: the file is empty; `hookline data glue --download` fetches it/);
    const older = join(data, 'sst2', 'train-00000-of-00001.parquet');
    cpSync(shard, older);
    await expect(read('sst2', 'train', data)).rejects.toThrow(
      /holds shards of two versions, train-00000-of-00001\.parquet and train-00000-of-00002\.parquet; remove those of the older one/,
    );
    rmSync(older);
    rmSync(shard);
    mkdirSync(shard);
    await expect(read('sst2', 'train', data)).rejects.toThrow(/train-00000-of-00002\.parquet: cannot be read \(EISDIR\)/);
    rmSync(data, { recursive: true });
  });
});

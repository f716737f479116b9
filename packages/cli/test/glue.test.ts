import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { glueTasks, splitLayout } from '@hookline/glue';
import { writePredictions } from '@hookline/glue/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hookline, snapshot } from './run-hookline.js';

const fixtures = join(import.meta.dirname, '../../glue/test/fixtures');
let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hookline-glue-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('hookline data glue', { timeout: 60_000 }, () => {
  it('tells of every set what is there, and how to get the rest', async () => {
    cpSync(join(fixtures, 'glue', 'RTE'), join(cwd, 'glue', 'RTE'), { recursive: true });
    cpSync(join(fixtures, 'glue-parquet', 'sst2'), join(cwd, 'glue', 'sst2'), { recursive: true });
    const { code, err, out } = await hookline(['data', 'glue', '--dir', 'glue'], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const lines = out.trim().split('\n');
    expect(lines).toContain('RTE    dev             3 of 277 examples, official TSV');
    expect(lines).toContain('SST-2  train           5 of 67349 examples, Parquet');
    expect(lines).toContain('MNLI   dev_mismatched  missing (9832 examples)');
    expect(lines).toContain('24 of 30 sets are missing in glue');
    expect(out).toContain('hookline data glue --dir glue --download');
  });

  it('counts what was skipped, and is of one mind with --json', async () => {
    mkdirSync(join(cwd, 'SST-2'));
    writeFileSync(join(cwd, 'SST-2', 'dev.tsv'), 'sentence\tlabel\nfine\t1\nshort\n');
    const { out } = await hookline(['data', 'glue', '--dir', '.', '--tasks', 'SST-2', '--json'], { cwd });
    expect(jsonLines(out)).toEqual([
      { event: 'set', task: 'sst2', split: 'train', state: 'missing', published: 67_349 },
      {
        event: 'set',
        task: 'sst2',
        split: 'dev',
        state: 'found',
        published: 872,
        layout: 'tsv',
        examples: 1,
        warnings: ['SST-2/dev.tsv: skipped 1 row, of fewer than 2 columns (line 3)'],
      },
      { event: 'set', task: 'sst2', split: 'test', state: 'missing', published: 1821 },
      { event: 'result', directory: '.', sets: 3, missing: 2, damaged: 0, short: 1 },
    ]);
  });

  it('counts a task once, and says what is damaged or cut short', async () => {
    cpSync(join(fixtures, 'glue', 'WNLI'), join(cwd, 'WNLI'), { recursive: true });
    writeFileSync(join(cwd, 'WNLI', 'train.tsv'), 'nonsense');
    const { code, out } = await hookline(['data', 'glue', '--dir', '.', '--tasks', 'wnli,WNLI'], { cwd });
    expect(code).toBe(2);
    expect(out).toContain('1 of 3 sets is damaged in .\n2 of 3 sets are far smaller than published: cut short, or an excerpt');
    expect(out).not.toMatch(/all 3 sets|missing/);
  });

  it.each([[[]], [['--download']]])('a file in place of the folder: one line, exit code 2 %j', async (flags) => {
    writeFileSync(join(cwd, 'afile'), '');
    const { code, err } = await hookline(['data', 'glue', '--dir', 'afile', ...flags], { cwd, env: { HF_ENDPOINT: 'http://127.0.0.1:9' } });
    expect(err).toEqual([expect.stringMatching(/^hookline: \[HOOKLINE_DATA_MISSING\] afile is a file, not a folder/)]);
    expect(code).toBe(2);
  });

  const rte = 'index\tsentence1\tsentence2\tlabel\n';
  const stsb = `${'index genre filename year old_index source1 source2 sentence1 sentence2 score'.replaceAll(' ', '\t')}\n`;
  it.each([
    ['an unknown label', 'RTE', `${rte}0\ta\tb\tyes\n`, /RTE\/dev\.tsv, line 2, column 4 \(label\): there is no label 'yes'; there are: entailment/],
    ['a wrong header', 'RTE', 'index\tsentence1\tlabel\n', /RTE\/dev\.tsv, line 1, column 3 \(sentence2\): the header has 'label' here/],
    ['an empty file', 'RTE', '', /RTE\/dev\.tsv: the file is empty/],
    [
      'a score out of range',
      'STS-B',
      `${stsb}0\tg\tf\t1\t0\tn\tn\ta\tb\t5.5\n`,
      /STS-B\/dev\.tsv, line 2, column 10 \(score\): 5\.5 is out of range; labels are/,
    ],
  ])('%s: one line, exit code 2, nothing changed', async (_, folder, text, line) => {
    mkdirSync(join(cwd, folder));
    writeFileSync(join(cwd, folder, 'dev.tsv'), text);
    await expectOneLine(line);
  });

  it.each([
    ['missing', 'rte', /rte\/train-00000-of-00001\.parquet, column 'sentence2': is missing/],
    ['of another type', 'wnli', /wnli\/train-00000-of-00001\.parquet, column 'label': holds FLOAT where INT64 or INT32 belongs/],
  ])('a Parquet column that is %s: one line, exit code 2, nothing changed', async (_, folder, line) => {
    cpSync(join(fixtures, 'odd-parquet', folder), join(cwd, folder), { recursive: true });
    await expectOneLine(line);
  });

  async function expectOneLine(line: RegExp): Promise<void> {
    const before = snapshot(cwd);
    const { code, err } = await hookline(['data', 'glue', '--dir', '.'], { cwd });
    expect(err).toEqual([expect.stringMatching(line)]);
    expect(err[0]).toMatch(/^hookline: \[HOOKLINE_DATA\] /);
    expect(code).toBe(2);
    expect(snapshot(cwd)).toEqual(before);
  }

  it('without a network: one line, exit code 2, nothing written', async () => {
    const { code, err } = await hookline(['data', 'glue', '--dir', 'glue', '--tasks', 'rte', '--download'], {
      cwd,
      env: { HF_ENDPOINT: 'http://127.0.0.1:9' },
    });
    expect(err).toEqual([expect.stringMatching(/^hookline: \[HOOKLINE_DOWNLOAD\] 127\.0\.0\.1:9 cannot be reached/)]);
    expect(code).toBe(2);
    expect(snapshot(cwd)).toEqual({});
  });
});

describe('hookline glue check', { timeout: 60_000 }, () => {
  const write = (name: 'wnli' | 'ax') => {
    const task = glueTasks[name];
    const examples = Array.from({ length: splitLayout(task, 'test').rows }, (_, index) => ({ index }));
    return writePredictions(join(cwd, 'out'), { task, split: 'test', examples, predictions: examples.map(() => 0) });
  };

  it('takes files that are right, and names the first fault of others', async () => {
    await write('wnli');
    const path = await write('ax');
    const partial = await hookline(['glue', 'check', 'out', '--partial'], { cwd });
    expect(partial).toMatchObject({ code: 0, err: [] });
    expect(partial.out).toContain('2 of 11 files are there and right');
    const whole = await hookline(['glue', 'check', 'out'], { cwd });
    expect(whole.err).toEqual([expect.stringMatching(/^hookline: \[HOOKLINE_SUBMISSION\] CoLA\.tsv is missing in out; /)]);
    expect(whole.code).toBe(2);
    writeFileSync(path, readFileSync(path, 'utf8').replace('\n4\tentailment\n', '\n4\tentails\n').replace('\n9\tentailment\n', '\n'));
    const wrong = await hookline(['glue', 'check', 'out', '--partial'], { cwd });
    expect(wrong.err).toEqual([
      expect.stringMatching(
        /\[HOOKLINE_SUBMISSION\] out\/AX\.tsv, line 6, column 2 \(prediction\): there is no prediction 'entails'; .* \(and \d+ more in this file\)$/,
      ),
    ]);
    expect(wrong.code).toBe(2);
    expect(wrong.out).toMatch(/AX\.tsv +line 6, column 2 \(prediction\): .*\n +line 11, column 1 \(index\): is '10' instead of 9\n.*\n +and \d+ more\n/);
  });

  it('finds no predictions in a folder without any, though some may be missing', async () => {
    mkdirSync(join(cwd, 'out'));
    const { code, err, out } = await hookline(['glue', 'check', 'out', '--partial'], { cwd });
    expect(err).toEqual([expect.stringMatching(/\[HOOKLINE_SUBMISSION\] there are no predictions in out; give the folder/)]);
    expect(out).not.toContain('0 of 11');
    expect(code).toBe(2);
  });

  it('names a file that the server does not know', async () => {
    mkdirSync(join(cwd, 'out'));
    writeFileSync(join(cwd, 'out', 'sst2.tsv'), '');
    const { code, err } = await hookline(['glue', 'check', 'out', '--partial'], { cwd });
    expect(err).toEqual([expect.stringMatching(/the server knows no file 'sst2\.tsv' \(out\); did you mean 'SST-2\.tsv'\?$/)]);
    expect(code).toBe(2);
  });
});

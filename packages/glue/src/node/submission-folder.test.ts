import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { glueTasks } from '../tasks/glue-tasks.js';
import { checkSubmission, writePredictions } from './submission-folder.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-submission-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const examples = [{ index: 0 }, { index: 1 }];

describe('writePredictions', () => {
  it('gives the file the name of the server, also in place of an older one, and leaves nothing else', async () => {
    const out = join(folder, 'new', 'submission');
    for (const predictions of [
      [0, 1],
      [2, 2],
    ]) {
      const path = await writePredictions(out, { task: glueTasks.mnli, split: 'test_mismatched', examples, predictions });
      expect(path).toBe(join(out, 'MNLI-mm.tsv'));
    }
    expect(readFileSync(join(out, 'MNLI-mm.tsv'), 'utf8')).toBe('index\tprediction\n0\tcontradiction\n1\tcontradiction\n');
    expect(readdirSync(out)).toEqual(['MNLI-mm.tsv']);
  });

  it('leaves what was there when predictions are wrong, or cannot be written', async () => {
    const write = (predictions: readonly number[]) => writePredictions(folder, { task: glueTasks.rte, split: 'test', examples, predictions });
    await write([0, 1]);
    await expect(write([0, 5])).rejects.toMatchObject({ code: 'HOOKLINE_PREDICTION' });
    await expect(writePredictions(folder, { task: glueTasks.rte, split: 'dev', examples, predictions: [0, 1] })).rejects.toThrow(
      /no predictions for RTE dev are submitted/,
    );
    expect(readFileSync(join(folder, 'RTE.tsv'), 'utf8')).toContain('1\tnot_entailment');
    mkdirSync(join(folder, 'WNLI.tsv'));
    await expect(writePredictions(folder, { task: glueTasks.wnli, split: 'test', examples, predictions: [0, 1] })).rejects.toMatchObject({
      code: 'HOOKLINE_WRITE',
    });
    expect(readdirSync(folder).sort()).toEqual(['RTE.tsv', 'WNLI.tsv']);
  });
});

describe('checkSubmission', () => {
  it('tells of each of the eleven files, and of names that are no file of the server', async () => {
    const all = Array.from({ length: 146 }, (_, index) => ({ index }));
    await writePredictions(folder, { task: glueTasks.wnli, split: 'test', examples: all, predictions: all.map(() => 0) });
    await writePredictions(folder, { task: glueTasks.rte, split: 'test', examples, predictions: [0, 1] });
    for (const name of ['STSB.tsv', 'notes.tsv', 'notes.txt']) writeFileSync(join(folder, name), 'x');
    const files = await checkSubmission(folder);
    const inState = (wanted: string) => files.filter(({ state }) => state === wanted).map(({ file }) => file);
    expect(inState('right')).toEqual(['WNLI.tsv']);
    expect(inState('wrong')).toEqual(['RTE.tsv']);
    expect(inState('missing')).toEqual(['CoLA.tsv', 'SST-2.tsv', 'MRPC.tsv', 'STS-B.tsv', 'QQP.tsv', 'MNLI-m.tsv', 'MNLI-mm.tsv', 'QNLI.tsv', 'AX.tsv']);
    expect(files.filter(({ state }) => state === 'unknown')).toEqual([
      { file: 'STSB.tsv', state: 'unknown', problems: [], meant: 'STS-B.tsv' },
      { file: 'notes.tsv', state: 'unknown', problems: [] },
    ]);
    await expect(checkSubmission(join(folder, 'STSB.tsv'))).rejects.toMatchObject({ code: 'HOOKLINE_DATA_MISSING' });
    await expect(checkSubmission(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'HOOKLINE_DATA_MISSING' });
  });

  it('calls a file wrong that cannot be read, and goes on with the others', async () => {
    mkdirSync(join(folder, 'CoLA.tsv'));
    symlinkSync('RTE.tsv', join(folder, 'RTE.tsv'));
    await writePredictions(folder, { task: glueTasks.wnli, split: 'test', examples, predictions: [0, 1] });
    const wrong = (await checkSubmission(folder)).filter(({ state }) => state === 'wrong');
    expect(wrong.map(({ file, problems }) => [file, problems[0]!.what])).toEqual([
      ['CoLA.tsv', 'is a folder, not a file'],
      ['RTE.tsv', 'cannot be read (ELOOP)'],
      ['WNLI.tsv', 'has 2 predictions instead of 146'],
    ]);
  });

  it('guesses the file that a name begins', async () => {
    writeFileSync(join(folder, 'MNLI.tsv'), '');
    expect((await checkSubmission(folder)).at(-1)).toMatchObject({ file: 'MNLI.tsv', state: 'unknown', meant: 'MNLI-m.tsv' });
  });
});

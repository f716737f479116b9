import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { bertConfig, initializeBert, specialTokens, wordPiece } from '@hookline/bert';
import { writePretrained } from '@hookline/bert/node';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { StudyOptions } from './cells.js';
import { runStudy, type StudyRun } from './study.js';

/** Trains nothing: a rate of 5 diverges, layerdrop fails, and `predict` does as a file beside it says. The score is that of the seed. */
const trainer = `import { existsSync, mkdirSync, readFileSync } from 'node:fs';
const [command, ...args] = process.argv.slice(2);
const flag = (name) => args[args.indexOf(name) + 1];
const end = (line, code) => { console.error('hookline: ' + line); process.exit(code); };
const answer = new URL('./predict.txt', import.meta.url);
if (command === 'predict') {
  if (existsSync(answer)) end(readFileSync(answer, 'utf8'), 2);
  mkdirSync(flag('--out'), { recursive: true });
  process.exit(0);
}
const config = JSON.parse(readFileSync(flag('--config'), 'utf8'));
if (config.learningRate.peak === 5) end('[HOOKLINE_NOT_FINITE] step 3: the loss is NaN', 1);
if (config.layerDrop) end('[HOOKLINE_OUT_OF_MEMORY] no', 1);
await new Promise((resolve) => setTimeout(resolve, config.seed === 0 ? 300 : 0));
const score = 0.7 + config.seed / 10;
const seeds = [{ metrics: { dev: { accuracy: score, score } }, best: score, seconds: 1, processorSeconds: 2 }];
console.log(JSON.stringify({ event: 'result', set: 'dev', peakMemory: 2 ** 20, seeds }));
`;

const data = join(import.meta.dirname, '..', '..', '..', 'glue', 'test', 'fixtures', 'glue');

async function writeCheckpoint(path: string, key: number): Promise<void> {
  rmSync(path, { recursive: true, force: true });
  const tokenizer = wordPiece([...specialTokens, 'a', 'mill']);
  const config = bertConfig({
    norm: 'post',
    hiddenSize: 8,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    vocabSize: tokenizer.vocabSize,
    maxPositionEmbeddings: 8,
  });
  await writePretrained(path, {
    config,
    tensors: initializeBert(config, key, { heads: { mlm: false, nsp: false, pooler: true, labels: 0 } }),
    tokenizer,
    head: 'none',
  });
}

let [directory, out] = ['', ''];
let options: StudyOptions;
let run: StudyRun;
let notices: string[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hookline-study-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  out = join(directory, 'study');
  notices = [];
  writeFileSync(join(directory, 'trainer.mjs'), trainer);
  await writeCheckpoint(join(directory, 'model'), 1);
  options = { tasks: ['RTE'], checkpoints: [{ name: 'one', path: join(directory, 'model') }], methods: ['none'], seeds: 2, data, engine: 'cpu' };
  run = { command: [process.execPath, join(directory, 'trainer.mjs')], onNotice: (line) => notices.push(line) };
});

const inCell = (cell: string, file: string): string => join(out, cell, file);
const result = (cell: string): Record<string, unknown> => JSON.parse(readFileSync(inCell(cell, 'result.json'), 'utf8'));

it('tells seeds in their order, whichever ends first, also of a single setting', async () => {
  const { cells, tables } = await runStudy(options, out, { ...run, jobs: 2 });
  expect(cells.map(({ cell }) => cell.seed)).toEqual([0, 1]);
  expect(tables.map(({ rows }) => rows.map((row) => [row[0], row.at(-1)]))).toEqual([[['one', '0.700 0.800']]]);
  expect(notices).toEqual([]);
});

it('counts a run that diverges as failed, and goes on', async () => {
  const { cells, tables, report } = await runStudy({ ...options, learningRates: [5, 1], seeds: 1 }, out, run);
  expect(cells.map(({ outcome: { score, failed, brokeOff } }) => [score, failed, brokeOff])).toEqual([
    [null, true, '[HOOKLINE_NOT_FINITE] step 3: the loss is NaN'],
    [0.7, false, undefined],
  ]);
  expect(tables[0]!.rows[0]!.slice(0, 11)).toEqual(['one', '1', '0.0000', 'unknown', '0.0000', '0.0000', '0.0000', '1', 'unknown', 'unknown', 'unknown']);
  expect(readFileSync(report, 'utf8')).toContain('1 of the runs broke off');
  expect((await runStudy({ ...options, learningRates: [5, 1], seeds: 1 }, out, run)).cells).toEqual(cells);
});

it('makes the other runs and the report where one fails, and tells it', async () => {
  const failing = runStudy({ ...options, methods: ['layerdrop', 'pld'], seeds: 1 }, out, run);
  await expect(failing).rejects.toThrow(/rte\/one\/layerdrop\/seed-0 failed: \[HOOKLINE_OUT_OF_MEMORY\] no/);
  expect(result('rte/one/pld/seed-0')).toMatchObject({ score: 0.7 });
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('2 of 3 runs');
  expect(notices).toEqual([expect.stringContaining('rte/one/layerdrop/seed-0 failed')]);
  await expect(runStudy({ ...options, methods: ['layerdrop', 'pld'] }, out, run)).rejects.toThrow(
    /2 runs failed; the first: rte\/one\/layerdrop\/seed-0 failed/,
  );
});

it.each([
  ['[HOOKLINE_DATA_MISSING] there is no RTE test set', []],
  ['[HOOKLINE_WRITE] cannot', ['rte/one/none/seed-0: no test predictions: [HOOKLINE_WRITE] cannot']],
] as const)('where predicting ends with %s, tells %o, and keeps no predictions of before', async (said, told) => {
  writeFileSync(join(directory, 'predict.txt'), said);
  mkdirSync(inCell('rte/one/none/seed-0', 'predictions'), { recursive: true });
  await runStudy({ ...options, seeds: 1 }, out, run);
  expect(notices).toEqual(told);
  expect(existsSync(inCell('rte/one/none/seed-0', 'predictions'))).toBe(false);
});

it('checks every checkpoint before anything is trained', async () => {
  const checkpoints = [...options.checkpoints, { name: 'two', path: join(directory, 'modle') }];
  await expect(runStudy({ ...options, checkpoints }, out, run)).rejects.toThrow(/there is no '.*modle'/);
  expect(existsSync(out)).toBe(false);
});

it('refuses to go on from another checkpoint under the same path, or on other data', async () => {
  await runStudy(options, out, run);
  const more = { ...options, seeds: 3 };
  await writeCheckpoint(join(directory, 'model'), 2);
  await expect(runStudy(more, out, run)).rejects.toThrow(/the checkpoint '.*model' is no longer what .*seed-0 was run with/);
  await writeCheckpoint(join(directory, 'model'), 1);
  expect((await runStudy(more, out, run)).cells).toHaveLength(3);
  const path = inCell('rte/one/none/seed-0', 'result.json');
  const { sources, ...older } = result('rte/one/none/seed-0');
  writeFileSync(path, JSON.stringify({ ...older, sources: { ...(sources as object), data: 'other' } }));
  await expect(runStudy(more, out, run)).rejects.toThrow(/the data '.*' is no longer/);
  writeFileSync(path, JSON.stringify(older));
  expect((await runStudy(more, out, run)).cells).toHaveLength(3);
});

it('makes the report of a finished study anew where its checkpoint is gone', async () => {
  await runStudy(options, out, run);
  rmSync(join(out, 'report.html'));
  rmSync(join(directory, 'model'), { recursive: true });
  expect(existsSync((await runStudy(options, out, run)).report)).toBe(true);
  await expect(runStudy({ ...options, seeds: 3 }, out, run)).rejects.toThrow(/there is no '.*model'/);
});

it('begins no run beside one that a killed study left behind', async () => {
  const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', inCell('rte/one/none/seed-0', 'run')], { stdio: 'ignore' });
  onTestFinished(() => void left.kill('SIGKILL'));
  mkdirSync(join(out, 'rte/one/none/seed-0'), { recursive: true });
  writeFileSync(inCell('rte/one/none/seed-0', 'pid'), `${left.pid}\n`);
  await expect(runStudy(options, relative(process.cwd(), out), run)).rejects.toThrow(/process \d+ of another study, or of one that was killed, still works in/);
  expect(existsSync(inCell('rte/one/none/seed-0', 'result.json'))).toBe(false);
  expect(result('rte/one/none/seed-1')).toMatchObject({ failed: false });
});

it('refuses no runs at a time', async () => {
  await expect(runStudy(options, out, { ...run, jobs: 0 })).rejects.toThrow(/cannot make 0 runs at a time/);
});

/** A run that is given a directory and nothing else: where its checkpoints go, and what is told of them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkpoints, createTrainer, Logger, memoryStore, RunStorage, type Services } from '../src/index.js';
import { residualMlp } from '../src/testing/index.js';

let directory = '';
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'hookline-run-')), 'run');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const warnings: string[] = [];
const listen = (run: Services) => void run.register(Logger, { useFactory: (): Logger => ({ info: () => {}, warn: (message) => void warnings.push(message) }) });

const trainer = (steps: number, more: object = {}) =>
  createTrainer({ learner: residualMlp(), plugins: [checkpoints({ every: 2 })], steps, learningRate: 0.01, run: directory, services: listen, ...more });

it('holds the checkpoints, and passes over a damaged one with a word to the logger', async () => {
  await trainer(4).run();
  expect(readdirSync(join(directory, 'checkpoints')).sort()).toEqual(['step-00000002', 'step-00000004']);
  const file = join(directory, 'checkpoints', 'step-00000004', 'model.safetensors');
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  warnings.length = 0;
  const steps: number[] = [];
  const again = trainer(4, { resume: true });
  again.on('step', ({ index }) => void steps.push(index));
  await again.run();
  expect(steps).toEqual([2, 3]);
  expect(warnings).toEqual([expect.stringMatching(/^passing over a checkpoint: checkpoint .*step-00000004 is damaged: the bytes of model.safetensors/)]);
});

it('is not begun twice by accident', async () => {
  await trainer(2).run();
  await expect(trainer(2).run()).rejects.toMatchObject({ code: 'HOOKLINE_RUN_EXISTS', hint: 'resume it (resume: true), or start elsewhere' });
});

it('may be kept elsewhere by a service', async () => {
  const store = memoryStore();
  const opened: string[] = [];
  const open = async (path: string) => {
    opened.push(path);
    return store;
  };
  await trainer(2, { services: (run: Services) => run.register(RunStorage, { useFactory: () => ({ open }) }) }).run();
  expect(opened).toEqual([directory]);
  expect(store.saved.map(({ step }) => step)).toEqual([2]);
});

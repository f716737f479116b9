import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { driven } from '../../test/plugin-run.js';
import { during } from '../hooks/during.js';
import { memoryStore } from '../memory-store.js';
import type { Plugin, RunContext } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import type { CheckpointStore } from '../trainer-types.js';
import { eventRecords } from './event-file.js';
import { evaluationScalars, stepScalars, tensorBoard } from './tensor-board.js';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'hookline-events-')), 'tensorboard');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const clock = { seconds: () => 0, now: () => 1_700_000_000_000 };

/** Steps of the events of each file, by name. */
const steps = (): Record<string, number[]> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, [...eventRecords(readFileSync(join(folder, name)))].map(({ step }) => step)]));

/** A plugin's run that began at a step, at a second. */
const begin = (resumedAt: number, second: number) => {
  const service = () => ({ ...clock, now: () => 1000 * second });
  return driven(tensorBoard({ folder }), { resumedAt, service: service as unknown as RunContext['service'] });
};
const news = (index: number) => ({
  index,
  total: 10,
  epoch: 0,
  loss: 3,
  losses: { mlm: 2, nsp: 1 },
  gradientNorm: 4,
  learningRate: 0.5,
  activeBlocks: 1,
  active: [true, false],
  report: { theta: 0.75, 'distance.block.0': 2 },
  skipped: false,
  seconds: 0.25,
});

it('names scalars by group', () => {
  expect(stepScalars(news(0))).toEqual({
    'train/loss': 3,
    'train/loss.mlm': 2,
    'train/loss.nsp': 1,
    'train/gradientNorm': 4,
    'train/learningRate': 0.5,
    'train/activeBlocks': 1,
    'train/seconds': 0.25,
    'report/theta': 0.75,
    'distance/block.0': 2,
  });
  expect(evaluationScalars({ step: 1, set: 'dev', metrics: { loss: 1 }, seconds: 0 })).toEqual({ 'eval/dev/loss': 1 });
});

it('goes on in a new file, without what lies after the checkpoint', () => {
  const first = begin(0, 100);
  for (const index of [0, 1, 2, 3]) first.tell('step', news(index));
  first.tell('evaluation', { step: 4, set: 'dev', metrics: { loss: 1 }, seconds: 0 });
  expect(steps()).toEqual({ 'events.out.tfevents.0000000100.00000000.hookline': [0, 1, 2, 3, 4, 4] });
  writeFileSync(join(folder, 'events.out.tfevents.1.others'), 'theirs');

  const second = begin(2, 107);
  second.tell('step', news(2));
  expect(steps()).toEqual({
    'events.out.tfevents.0000000100.00000000.hookline': [0, 1, 2],
    'events.out.tfevents.0000000107.00000002.hookline': [0, 3],
    'events.out.tfevents.1.others': [],
  });
  begin(2, 107); // in the same second: what the second wrote goes
  expect(steps()['events.out.tfevents.0000000107.00000002.hookline']).toEqual([0]);
  begin(0, 200);
  expect(readdirSync(folder)).toEqual(['events.out.tfevents.0000000200.00000000.hookline', 'events.out.tfevents.1.others']);
});

it('cuts off an event that a killed process left unfinished', () => {
  begin(0, 100).tell('step', news(0));
  const [name] = readdirSync(folder);
  writeFileSync(join(folder, name!), readFileSync(join(folder, name!)).subarray(0, -3));
  begin(1, 101);
  expect(steps()[name!]).toBeUndefined(); // nothing but the version was left
});

it('has each step once after a resume of a real run', async () => {
  const store = memoryStore();
  const run = (killAfter: number, of: CheckpointStore) => {
    const plugins: Plugin[] = [
      { name: 'every', onStep: during('end', (step) => ({ ...step, checkpoint: step.index % 2 === 1, evaluate: ['dev'] })) },
      tensorBoard({ folder, texts: { config: 'the **configuration**' } }),
    ];
    const trainer = createTrainer({ learner: residualMlp(), plugins, steps: 6, learningRate: 0.01, store: of, resume: true });
    return (async () => {
      for await (const { index } of trainer.events('step')) if (index === killAfter) break;
    })();
  };
  const quick: CheckpointStore = {
    load: (name) => store.load(name),
    save: async (checkpoint) => void (checkpoint.step % 2 === 0 && (await store.save(checkpoint))),
  };
  await run(2, quick);
  await run(5, quick);
  const all = Object.values(steps()).flat();
  for (const step of [1, 2, 3, 4, 5, 6]) expect(all.filter((one) => one === step)).toHaveLength(2); // the step, and its evaluation
});

it('needs a place, and ends the run when it cannot write there', async () => {
  expect(() => driven(tensorBoard())).toThrow("plugin 'tensor-board' has nowhere to write");
  mkdirSync(join(folder, '..'), { recursive: true });
  writeFileSync(folder, 'a file');
  expect(() => begin(0, 1)).toThrow(expect.objectContaining({ code: 'HOOKLINE_WRITE' }));
  rmSync(folder);
  const run = begin(0, 1);
  rmSync(folder, { recursive: true });
  expect(() => run.tell('step', news(0))).toThrow(expect.objectContaining({ code: 'HOOKLINE_WRITE' }));
  await expect(run.begin(1)).rejects.toMatchObject({ code: 'HOOKLINE_WRITE' });
});

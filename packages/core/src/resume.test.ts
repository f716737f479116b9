import { expect, test } from 'vitest';
import * as z from 'zod';
import type { HooklineError } from './errors.js';
import { during } from './hooks/during.js';
import { memoryStore } from './memory-store.js';
import type { Cell, Plugin } from './plugin.js';
import { Logger, type Services } from './services.js';
import { residualMlp } from './testing/index.js';
import { createTrainer } from './trainer.js';

const rate = { learningRate: 0.01, seed: 1 };

const every = (n: number): Plugin => ({ name: 'checkpoints', onStep: during('end', (step) => ({ ...step, checkpoint: (step.index + 1) % n === 0 })) });

const counting = (version: number, schema: z.ZodType = z.strictObject({ n: z.int() })): Plugin => ({
  name: 'counting',
  state: { version, schema, initial: () => ({ n: 0 }) },
  setup: (_, state) => ({
    onStep: during('begin', (step) => {
      state.set({ n: state.get().n + 1 });
      return step;
    }),
  }),
});

async function stored() {
  const store = memoryStore();
  await createTrainer({ learner: residualMlp(), plugins: [counting(1), every(2)], steps: 6, store, ...rate }).run();
  return store;
}

test('a run does not start over a checkpoint', async () => {
  await expect(createTrainer({ learner: residualMlp(), plugins: [counting(1)], steps: 6, store: await stored(), ...rate }).run()).rejects.toMatchObject({
    code: 'HOOKLINE_RUN_EXISTS',
  });
});

test('resume goes on from the latest, from one that is named, or from the start where there is none', async () => {
  const resumedAt = async (resume: boolean | string, store = memoryStore()) => {
    let at = -1;
    const look: Plugin = {
      name: 'look',
      setup(run) {
        at = run.resumedAt;
        return {};
      },
    };
    const result = await createTrainer({ learner: residualMlp(), plugins: [counting(1), look], steps: 6, store, resume, ...rate }).run();
    expect(result.steps).toBe(6);
    return at;
  };
  expect(await resumedAt(true, await stored())).toBe(6);
  expect(await resumedAt('step-00000004', await stored())).toBe(4);
  expect(await resumedAt(true)).toBe(0);
  await expect(resumedAt('step-00000005', await stored())).rejects.toMatchObject({ code: 'HOOKLINE_CHECKPOINT_MISSING' });
});

const stopping = (at: number): Plugin => ({
  name: 'stopping',
  onStep: during('end', (step) => (step.index + 1 === at ? { ...step, stop: 'enough' } : step)),
});

test('what a plugin ended stays ended, unless its checkpoint is named', async () => {
  const store = memoryStore();
  const told: string[] = [];
  const services = (run: Services) => void run.register(Logger, { useFactory: (): Logger => ({ info: (line) => void told.push(line), warn: () => {} }) });
  const go = async (resume: boolean | string) => {
    const steps: number[] = [];
    const learner = residualMlp();
    const trainer = createTrainer({ learner, plugins: [stopping(4), every(2)], steps: 6, store, resume, services, ...rate });
    trainer.on('step', ({ index }) => void steps.push(index));
    const { steps: completed, stopped } = await trainer.run();
    return { completed, stopped, steps, head: learner.save()['weights/head'] };
  };
  const first = await go(true);
  expect(first).toMatchObject({ completed: 4, stopped: 'enough', steps: [0, 1, 2, 3] });
  expect(store.saved.map(({ step, stopped }) => [step, stopped])).toEqual([
    [2, undefined],
    [4, 'enough'],
  ]);
  expect(told).toEqual([]);
  expect(await go(true)).toEqual({ ...first, steps: [] });
  expect(told).toEqual(["the run had ended after step 3: enough; to go on all the same, name the checkpoint: resume: 'step-00000004'"]);
  expect(await go('step-00000004')).toMatchObject({ completed: 6, stopped: undefined, steps: [4, 5] });
});

test('an interrupted run goes on', async () => {
  const store = memoryStore();
  const controller = new AbortController();
  const trainer = createTrainer({ learner: residualMlp(), steps: 6, store, signal: controller.signal, ...rate });
  trainer.on('step', ({ index }) => void (index === 2 && controller.abort()));
  expect(await trainer.run()).toMatchObject({ steps: 3, stopped: 'aborted' });
  expect(await createTrainer({ learner: residualMlp(), steps: 6, store, resume: true, ...rate }).run()).toMatchObject({ steps: 6, stopped: undefined });
});

test('states are restored before setup', async () => {
  let seen: unknown;
  const look: Plugin = {
    ...counting(1),
    setup(_, state) {
      seen = state.get();
      return {};
    },
  };
  await createTrainer({ learner: residualMlp(), plugins: [look], steps: 6, store: await stored(), resume: 'step-00000004', ...rate }).run();
  expect(seen).toEqual({ n: 4 });
});

test.each<[string, object, string]>([
  ['seed', { seed: 2 }, 'seed was 1 and is 2'],
  ['total', { steps: 7 }, 'total was 6 and is 7'],
  ['accumulation', { plugins: [counting(1), { name: 'a', accumulation: 2 }] }, 'accumulation was 1 and is 2'],
  ['data', { learner: residualMlp({ rows: 10 }) }, 'batchesPerEpoch was 8 and is 2'],
  ['blocks', { learner: residualMlp({ depth: 1 }) }, '["block.0"]'],
  ['plugins', { plugins: [] }, 'plugins was ["counting"] and is []'],
])('a resume under another %s is refused', async (_, change, words) => {
  const learner = residualMlp();
  const before = learner.save();
  const run = createTrainer({ learner, plugins: [counting(1)], steps: 6, store: await stored(), resume: true, ...rate, ...change }).run();
  const error = await run.catch((caught: HooklineError) => caught);
  expect(error).toMatchObject({ code: 'HOOKLINE_CHECKPOINT_CONFIG' });
  expect((error as HooklineError).message).toContain(words);
  expect(learner.save()).toEqual(before);
});

test.each<[string, () => Plugin, string]>([
  ['another version', () => counting(2), "version 1 of the state of plugin 'counting', which has version 2"],
  ['another schema', () => counting(1, z.strictObject({ m: z.int() })), "the checkpoint's state of plugin 'counting': there is no option 'n'"],
])('a state of %s is refused', async (_, plugin, words) => {
  const run = createTrainer({ learner: residualMlp(), plugins: [plugin()], steps: 6, store: await stored(), resume: true, ...rate }).run();
  await expect(run).rejects.toThrow(words);
});

const setting = (state: Cell<unknown>, value: unknown) => {
  state.set(value);
  return {};
};

test.each<[string, Plugin, string]>([
  ['sets a wrong state', { ...counting(1), setup: (_, state) => setting(state, { n: 'x' }) }, "the state that plugin 'counting' sets: option 'n'"],
  [
    'begins with a wrong state',
    { ...counting(1), state: { version: 1, schema: z.strictObject({ n: z.string() }), initial: () => ({ n: 0 }) as never } },
    "the initial state of plugin 'counting'",
  ],
  ['sets a state it has not', { name: 'without', setup: (_, state) => setting(state, 1) }, "plugin 'without' sets a state and declares none"],
])('a plugin that %s is named', async (_, plugin, words) => {
  const run = createTrainer({ learner: residualMlp(), plugins: [plugin], steps: 1, ...rate }).run();
  await expect(run).rejects.toThrow(words);
  await expect(createTrainer({ learner: residualMlp(), plugins: [plugin], steps: 1, ...rate }).run()).rejects.toMatchObject({ code: 'HOOKLINE_STATE' });
});

test('a checkpoint holds config, metrics, states, position and retention', async () => {
  const store = memoryStore();
  const evaluate: Plugin = { name: 'evaluate', retention: { keep: 2 }, onStep: during('end', (step) => ({ ...step, evaluate: ['dev'] })) };
  const { metrics } = await createTrainer({
    learner: residualMlp(),
    plugins: [counting(1), evaluate, { name: 'a', accumulation: 2 }],
    steps: 3,
    store,
    ...rate,
  }).run();
  const { tensors, ...rest } = store.saved[0]!;
  expect(rest).toEqual({
    step: 3,
    position: 6,
    plugins: { counting: { version: 1, state: { n: 3 } } },
    config: { seed: 1, total: 3, accumulation: 2, batchesPerEpoch: 8, blocks: ['block.0', 'block.1', 'block.2', 'block.3'], plugins: ['counting'] },
    metrics,
    retention: { keep: 2 },
  });
  expect(Object.keys(tensors)).toContain('weights/stem');
});

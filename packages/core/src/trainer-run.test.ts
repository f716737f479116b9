import { pipe } from 'rxjs';
import { expect, test } from 'vitest';
import type { HooklineError } from './errors.js';
import { during } from './hooks/during.js';
import { memoryStore } from './memory-store.js';
import type { Plugin } from './plugin.js';
import { Clock, Communicator, Logger, RandomSource } from './services.js';
import { residualMlp } from './testing/index.js';
import { createTrainer } from './trainer.js';

const rate = { learningRate: 0.01, seed: 1 };
const every = (n: number): Plugin => ({ name: 'checkpoints', onStep: during('end', (step) => ({ ...step, checkpoint: (step.index + 1) % n === 0 })) });
const savedSteps = (store: ReturnType<typeof memoryStore>) => store.saved.map((checkpoint) => checkpoint.step);

/** A logger that keeps what it is told. */
function logs() {
  const warnings: string[] = [];
  const services = (run: Parameters<NonNullable<Parameters<typeof createTrainer>[0]['services']>>[0]) =>
    void run.register(Logger, { useFactory: (): Logger => ({ info: () => {}, warn: (message) => void warnings.push(message) }) });
  return { warnings, services };
}

test('timers stay alive while a synchronous learner runs', async () => {
  let ticks = 0;
  const timer = setInterval(() => void ticks++, 1);
  const trainer = createTrainer({ learner: residualMlp({ width: 20, batch: 20 }), steps: 40, ...rate });
  await trainer.run();
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(3);
});

test('leaving the loop ends the run at the step that was reached, with all that it asked for', async () => {
  const store = memoryStore();
  const learner = residualMlp();
  const trainer = createTrainer({ learner, plugins: [every(2)], steps: 20, store, ...rate });
  const endings: unknown[] = [];
  trainer.on('end', (news) => void endings.push(news));
  for await (const news of trainer.events('step')) if (news.index === 5) break;
  expect(savedSteps(store)).toEqual([2, 4, 6]);
  expect(store.saved.at(-1)!.tensors).toEqual(learner.save());
  expect(endings).toEqual([{ steps: 6, stopped: 'left' }]);
});

test('a loop over any news is the run', async () => {
  const collect = async (kind: 'step' | 'checkpoint' | 'end') => {
    const news: unknown[] = [];
    for await (const one of createTrainer({ learner: residualMlp(), plugins: [every(2)], steps: 5, store: memoryStore(), ...rate }).events(kind))
      news.push(one);
    return news;
  };
  expect(await collect('step')).toHaveLength(5);
  expect(await collect('checkpoint')).toEqual([{ step: 2 }, { step: 4 }, { step: 5 }]);
  expect(await collect('end')).toEqual([{ steps: 5, stopped: undefined }]);
});

test('an abort finishes the step and saves it', async () => {
  const store = memoryStore();
  const stop = new AbortController();
  const trainer = createTrainer({ learner: residualMlp(), steps: 20, store, signal: stop.signal, ...rate });
  trainer.on('step', ({ index }) => void (index === 3 && stop.abort()));
  expect(await trainer.run()).toMatchObject({ steps: 4, stopped: 'aborted' });
  expect(savedSteps(store)).toEqual([4]);
});

test('an abort before the first step runs none', async () => {
  const store = memoryStore();
  expect(await createTrainer({ learner: residualMlp(), steps: 20, store, signal: AbortSignal.abort(), ...rate }).run()).toMatchObject({
    steps: 0,
    stopped: 'aborted',
    last: undefined,
  });
  expect(savedSteps(store)).toEqual([]);
});

test('a listener that throws is logged and breaks nothing; others still hear', async () => {
  const { warnings, services } = logs();
  const trainer = createTrainer({ learner: residualMlp(), steps: 2, services, ...rate });
  const heard: number[] = [];
  trainer.on('step', () => {
    throw new Error('deaf');
  });
  const off = trainer.on('step', ({ index }) => {
    heard.push(index);
    off();
  });
  trainer.on('step', ({ index }) => void heard.push(10 + index));
  expect(await trainer.run()).toMatchObject({ steps: 2 });
  expect(heard).toEqual([0, 10, 11]);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(/a listener of 'step' threw: Error: deaf/);
});

test('services are replaced for one run, and reach plugins', async () => {
  let time = 0;
  const seen: unknown[] = [];
  const look: Plugin = {
    name: 'look',
    setup(run) {
      seen.push(run.service(Communicator).size, run.random('x', 1, 2), run.directory, run.resumedAt, run.total, run.batchesPerEpoch);
      run.on('step', ({ seconds }) => void seen.push(seconds));
      return {};
    },
  };
  const trainer = createTrainer({
    learner: residualMlp(),
    plugins: [look],
    steps: 1,
    ...rate,
    services: (run) => {
      run.register(Clock, { useFactory: (): Clock => ({ seconds: () => time++, now: () => 0 }) });
      run.register(Communicator, { useFactory: (): Communicator => ({ rank: 3, size: 4 }) });
      run.register(RandomSource, {
        useFactory: (): RandomSource => ({ uniform: (seed, stream, step, index) => (stream === 'x' ? seed + step + index : 0.5) }),
      });
    },
  });
  await trainer.run();
  expect(seen).toEqual([4, 4, undefined, 0, 1, 8, 3]); // the clock is read for the batches, too
});

test('where a setup fails, the plugins before it hear the end', async () => {
  const endings: unknown[] = [];
  const first: Plugin = {
    name: 'first',
    setup(run) {
      run.on('end', (news) => void endings.push(news));
      return {};
    },
  };
  const second: Plugin = { name: 'second', setup: () => ({ onStep: () => Object.assign([], { subscribe: undefined }) as never }) };
  await expect(createTrainer({ learner: residualMlp(), plugins: [first, second], steps: 1, ...rate }).run()).rejects.toMatchObject({
    plugin: 'second',
    fault: 'foreign',
  });
  expect(endings).toEqual([{ steps: 0, stopped: 'failed' }]);
});

test('a trainer runs once', async () => {
  const trainer = createTrainer({ learner: residualMlp(), steps: 1, ...rate });
  await trainer.run();
  await expect(trainer.run()).rejects.toMatchObject({ code: 'HOOKLINE_RUN_TWICE' });
});

test('a loss of NaN ends the run by name before a checkpoint is written; a plugin may let it pass', async () => {
  const broken = () => {
    const learner = residualMlp();
    const batch = async (position: number) => ({
      ...(await learner.data.batch(position)),
      ...(position === 3 ? { targets: new Float64Array(30).fill(Number.NaN) } : {}),
    });
    return { ...learner, data: { ...learner.data, batch } };
  };
  const store = memoryStore();
  const trainer = createTrainer({ learner: broken(), plugins: [every(1)], steps: 6, store, ...rate });
  const endings: unknown[] = [];
  trainer.on('end', (news) => void endings.push(news));
  await expect(trainer.run()).rejects.toThrow("step 3: the loss of 'all' is NaN");
  expect(savedSteps(store)).toEqual([1, 2, 3]);
  expect(endings).toEqual([{ steps: 3, stopped: 'failed' }]);

  const skip: Plugin = { name: 'skip', onStep: during('gradients', (step) => (Number.isNaN(step.gradients.norm()) ? { ...step, skipUpdate: true } : step)) };
  const result = await createTrainer({ learner: broken(), plugins: [every(1), skip], steps: 6, store: memoryStore(), ...rate }).run();
  expect(result.steps).toBe(6);
  expect(result.last!.loss).toBeGreaterThan(0);
});

test('weights that an update broke are not saved either', async () => {
  const store = memoryStore();
  const explode: Plugin = {
    name: 'explode',
    onStep: during('gradients', (step) => (step.index === 2 ? { ...step, learningRate: 1e300, gradients: step.gradients.scale(1e300) } : step)),
  };
  const trainer = createTrainer({ learner: residualMlp({ optimizer: 'sgd' }), plugins: [every(1), explode], steps: 6, store, ...rate });
  const error = await trainer.run().catch((caught: HooklineError) => caught);
  expect(error).toMatchObject({ code: 'HOOKLINE_NOT_FINITE' });
  expect((error as HooklineError).message).toContain("after step 2, tensor 'weights/");
  expect(savedSteps(store)).toEqual([1, 2]);
});

test('where a plugin ends the run with broken weights, that is the end, and the checkpoint is left out', async () => {
  const store = memoryStore();
  const { warnings, services } = logs();
  const explode: Plugin = {
    name: 'explode',
    onStep: pipe(
      during('gradients', (step) => (step.index === 2 ? { ...step, learningRate: 1e300, gradients: step.gradients.scale(1e300) } : step)),
      during('end', (step) => (step.index === 2 ? { ...step, stop: 'broken' } : step)),
    ),
  };
  const trainer = createTrainer({ learner: residualMlp({ optimizer: 'sgd' }), plugins: [every(1), explode], steps: 6, store, services, ...rate });
  expect(await trainer.run()).toMatchObject({ steps: 3, stopped: 'broken' });
  expect(savedSteps(store)).toEqual([1, 2]);
  expect(warnings).toEqual([expect.stringMatching(/^after step 2, tensor 'weights\/.*no checkpoint is written$/)]);
});

test.each([
  [2, 1], // an earlier step can be run again
  [6, 6],
])('where an evaluation fails, the weights of the last step are saved all the same: after step %d, %d is the newest', async (at, newest) => {
  const store = memoryStore();
  const fail: Plugin = {
    name: 'fail',
    onStep: during('end', (step) => ({ ...step, evaluate: step.index + 1 === at ? ['dev'] : [], checkpoint: step.index + 1 < at })),
    onEval: during('evalEnd', () => {
      throw new Error('no such metric');
    }),
  };
  const learner = residualMlp();
  await expect(createTrainer({ learner, plugins: [fail], steps: 6, store, ...rate }).run()).rejects.toThrow('no such metric');
  expect(savedSteps(store).at(-1)).toBe(newest);
  if (at === 6) expect(store.saved.at(-1)!.tensors).toEqual(learner.save());
});

test('where there is a store, the last step is saved, once; where there is none, a request for it is warned of once', async () => {
  const store = memoryStore();
  await createTrainer({ learner: residualMlp(), plugins: [every(2)], steps: 4, store, ...rate }).run();
  expect(savedSteps(store)).toEqual([2, 4]);
  const { warnings, services } = logs();
  await createTrainer({ learner: residualMlp(), plugins: [every(1)], steps: 4, services, ...rate }).run();
  expect(warnings).toEqual([expect.stringContaining('a plugin asked for a checkpoint, and there is nowhere to put it')]);
});

test('a run that nothing gives a rate is warned of', () => {
  const { warnings, services } = logs();
  createTrainer({ learner: residualMlp(), steps: 1, services });
  expect(warnings).toEqual([expect.stringContaining('the learning rate is 0')]);
  createTrainer({ learner: residualMlp(), steps: 1, services, learningRate: 0 });
  createTrainer({ learner: residualMlp(), steps: 1, services, plugins: [every(1)] });
  expect(warnings).toHaveLength(1);
});

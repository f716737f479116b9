import { expect, test } from 'vitest';
import { type DriveOptions, drivePlugins } from './drive-plugins.js';
import { type Gates, mergeGates } from './gates.js';
import { during } from './hooks/during.js';
import type { Plugin } from './plugin.js';
import { clipGradients, evaluateEvery, lesioning, weightAveraging } from './plugins/index.js';
import { residualMlp, type Vec } from './testing/index.js';
import { createTrainer } from './trainer.js';

/** Closes each block in about half of the steps, by keyed draws. */
const coin: Plugin = {
  name: 'coin',
  setup: (run) => ({
    onStep: during('begin', (step) => ({
      ...step,
      gates: mergeGates(
        step.gates,
        step.gates.map((gate, i) => ({ ...gate, active: run.random('coin', step.index, i) < 0.5, gain: 2 })),
      ),
    })),
  }),
};

const outcome = { losses: { loss: 1 }, gradientNorm: Number.NaN };
const { blocks, algebra } = residualMlp();
const drive = (plugins: readonly Plugin<Vec>[], options: Partial<DriveOptions<Vec>> = {}) =>
  drivePlugins<Vec>({ driver: 'the test', plugins, blocks, algebra, total: 6, seed: 3, ...options });

test('a driven step has the gates of the same step of the trainer', async () => {
  const trained: Gates[] = [];
  const ear: Plugin = {
    name: 'ear',
    stage: 90,
    onStep: during('begin', (step) => {
      trained.push(step.gates);
      return step;
    }),
  };
  await createTrainer({ learner: residualMlp(), plugins: [coin, ear], steps: 6, seed: 3, learningRate: 0.1 }).run();
  const driven = await drive([coin]);
  for (let step = 0; step < 6; step++) {
    const { gates, index, epoch } = await driven.begin();
    expect(gates).toEqual(trained[step]);
    expect([index, epoch]).toEqual([step, step / 6]);
    await driven.end(outcome);
  }
  expect(new Set(trained.map((gates) => gates.map((gate) => gate.active).join())).size).toBeGreaterThan(1);
  await expect(driven.begin()).rejects.toThrow('the test goes on after its 6 steps');
  driven.close();
});

test('the border of the blocks is that of the trainer: hooks are asked, a closed block does not run, each runs once', async () => {
  const seen: string[] = [];
  const ear: Plugin<Vec> = {
    name: 'ear',
    onForwardBlock: during('leave', (call) => {
      seen.push(`${call.name} ${call.gate.active}`);
      return call;
    }),
  };
  const close: Plugin = {
    name: 'close',
    onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate, i) => (i === 0 ? { ...gate, active: false } : gate)) })),
  };
  const driven = await drive([close, ear], { blocks: blocks.slice(0, 2) });
  await driven.begin();
  const x = { values: new Float64Array(1), gradient: new Float64Array(1) } as unknown as Vec;
  const block = driven.block();
  const [first, second] = blocks.map((one) => one.name) as [string, string];
  expect(block(first, x, () => expect.fail('a closed block ran'))).toBe(x);
  expect(() => block.verify()).toThrow(`lists block '${second}'`);
  block(second, x, (at) => at);
  block.verify();
  expect(() => block('elsewhere', x, (at) => at)).toThrow("no block 'elsewhere'");
  expect(seen).toEqual([`${first} false`, `${second} true`]);
});

const keeping: Plugin = {
  name: 'keeping',
  setup: (run) => ({
    onStep: during('end', (step) => {
      run.weights.copy('start');
      return step;
    }),
  }),
};

test.each<[string, Plugin, RegExp]>([
  ['changes gradients', clipGradients({ norm: 1 }), /changes gradients, which the test cannot do/],
  ['averages weights', weightAveraging({ decay: 0.9 }), /plugin 'weight-averaging' answers to evaluations, which the test cannot do/],
  ['keeps weights', keeping, /plugin 'keeping', onStep, step 0: threw a plugin keeps weights, which the test cannot do/],
  ['sets a rate', { name: 'rate', onStep: during('begin', (step) => ({ ...step, learningRate: 1 })) }, /plugin 'rate' sets 'learningRate'/],
  ['freezes', { name: 'freeze', onStep: during('begin', (step) => ({ ...step, rateScale: () => 0 })) }, /plugin 'freeze' sets 'rateScale'/],
  ['accumulates', { name: 'accumulate', accumulation: 2 }, /plugin 'accumulate' accumulates gradients/],
  ['skips an update', { name: 'skip', onStep: during('gradients', (step) => ({ ...step, skipUpdate: true })) }, /plugin 'skip' skips an update/],
  ['asks for a checkpoint', { name: 'save', onStep: during('end', (step) => ({ ...step, checkpoint: true })) }, /plugin 'save' asks for a checkpoint/],
  ['asks for all evaluations', evaluateEvery({ steps: 1 }), /plugin 'evaluate-every' asks for an evaluation, which the test cannot do/],
  ['answers to evaluations', { name: 'ear', onEval: during('evalBegin', (event) => event) }, /plugin 'ear' answers to evaluations/],
  ['answers to evaluations by its setup', lesioning(), /plugin 'lesioning' answers to evaluations/],
  ['asks for an evaluation of its own', { name: 'evaluate', onStep: during('end', (step) => ({ ...step, evaluate: ['dev'] })) }, /no evaluation set/],
  ['opens a gate', { name: 'open', onStep: during('begin', (step) => ({ ...step, gates: [] })) }, /planned 0 gates for 4 blocks/],
])('a plugin that %s is refused by name', async (_, plugin, message) => {
  const steps = async () => {
    const driven = await drive([plugin]);
    await driven.begin();
    await driven.end(outcome);
  };
  await expect(steps()).rejects.toThrow(message);
});

test('the order of calls is checked', async () => {
  const driven = await drive([]);
  expect(() => driven.block()).toThrow('the test has no step in progress');
  await expect(driven.end(outcome)).rejects.toMatchObject({ code: 'HOOKLINE_DRIVEN' });
});

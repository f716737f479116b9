import { createTrainer, during, type NamedTensor, type Plugin, type Tensors } from '@hookline/core';
import { residualMlp } from '@hookline/core/testing';
import { expect, it } from 'vitest';
import { type PldOptions, progressiveLayerDropping } from '../src/index.js';

const shape = { depth: 4, width: 3, batch: 4, rows: 8 };

interface Pass {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Float64Array>>;
  /** Of each block: whether it runs, its gain, and those of its branches. */
  readonly gates: string;
}

/** Loss and gradients of the first step's gates at these weights, in float64; nothing is updated. */
async function passAt(options: PldOptions, seed: number, weights?: Tensors): Promise<Pass> {
  const learner = residualMlp(shape);
  if (weights) learner.load(weights);
  const seen = { loss: Number.NaN, gradients: {} as Record<string, Float64Array>, gates: '' };
  const look: Plugin = {
    name: 'look',
    onStep: during('gradients', (step) => {
      for (const name of step.gradients.names) seen.gradients[name] = Float64Array.from(step.gradients.values(name));
      seen.gates = JSON.stringify(step.gates);
      return { ...step, skipUpdate: true };
    }),
  };
  const trainer = createTrainer({
    learner,
    plugins: [progressiveLayerDropping({ schedule: 'constant', thetaBar: 0.3, ...options }), look],
    steps: 1,
    seed,
    learningRate: 1,
  });
  trainer.on('step', ({ loss }) => {
    seen.loss = loss;
  });
  await trainer.run();
  return seen;
}

const nudged = (weights: Tensors, name: string, at: number, by: number): Tensors => {
  const tensor = weights[`weights/${name}`] as NamedTensor;
  const data = Float64Array.from(tensor.data);
  data[at]! += by;
  return { ...weights, [`weights/${name}`]: { ...tensor, data } };
};

const names = ['stem', ...[0, 1, 2, 3].flatMap((l) => ['a.in', 'a.out', 'b.in', 'b.out'].map((part) => `block.${l}.${part}`)), 'head'];

it.each<[string, PldOptions]>([
  ['paper, by branch', {}],
  ['paper, whole block', { scaling: 'block' }],
  ['paper, unscaled', { scaling: 'none' }],
  ['algorithm1, by branch', { convention: 'algorithm1' }],
  ['algorithm1, whole block', { convention: 'algorithm1', scaling: 'block' }],
  ['deepspeed, by branch', { convention: 'deepspeed' }],
  ['deepspeed, whole block', { convention: 'deepspeed', scaling: 'block' }],
  ['a gate for each branch', { gates: 'branch' }],
  ['a gate for each branch, deepspeed', { gates: 'branch', convention: 'deepspeed' }],
  ['a gate for each branch, unscaled', { gates: 'branch', scaling: 'none' }],
  ['systematic, with a floor', { sampling: 'systematic', minimumActive: 2 }],
  ['a list of shares', { profile: [0, 1, 0.5, 1], scaling: 'block' }],
  ['growth', { schedule: { type: 'growth', length: 10 }, thetaBar: 0.5 }],
])('gradients under %s agree with differences of the loss, in float64', async (_, options) => {
  const weights = residualMlp(shape).save();
  let closed = 0;
  for (const seed of [1, 3, 4]) {
    const { gradients, gates } = await passAt(options, seed);
    closed += gates.split('"active":false').length - 1;
    for (const [i, name] of names.entries()) {
      const [at, h] = [(5 * i + seed) % 9, 1e-5];
      const [above, below] = [await passAt(options, seed, nudged(weights, name, at, h)), await passAt(options, seed, nudged(weights, name, at, -h))];
      expect(above.gates).toBe(gates);
      const slope = (above.loss - below.loss) / (2 * h);
      expect(Math.abs((gradients[name]?.[at] ?? 0) - slope), name).toBeLessThan(1e-9); // none, where its block is closed
    }
  }
  expect(closed).toBeGreaterThan(2);
});

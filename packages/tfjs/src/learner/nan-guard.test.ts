import { createTrainer, during, Logger, nanGuard, type Plugin } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { type MlpLearner, mlp } from './fixtures/mlp.js';

type Injection = (learner: MlpLearner) => { readonly learner?: MlpLearner; readonly plugins?: readonly Plugin<tf.Tensor>[] };

const at = 3;

const inWeight: Injection = (learner) => ({
  plugins: [
    {
      name: 'break-weight',
      onStep: during('begin', (step) => {
        if (step.index !== at) return step;
        const saved = learner.save();
        const name = 'weights/block.1.a.in.bias';
        const { shape, data } = saved[name] as NonNullable<(typeof saved)[string]>;
        learner.load({ ...saved, [name]: { shape, data: data.map((w, i) => (i === 2 ? Number.NaN : w)) } });
        return step;
      }),
    },
  ],
});

const inGradient: Injection = () => ({
  plugins: [
    {
      name: 'break-gradient',
      onStep: during<tf.Tensor>('gradients', (step) => {
        if (step.index !== at) return step;
        return { ...step, gradients: step.gradients.map((gradient, name) => (name === 'block.2.b.out.weight' ? tf.mul(gradient, Number.NaN) : gradient)) };
      }),
    },
  ],
});

const inBatch: Injection = (learner) => ({
  learner: {
    ...learner,
    data: {
      ...learner.data,
      async batch(position) {
        const batch = await learner.data.batch(position);
        return position === at ? { ...batch, x: batch.x.map(() => Number.NaN) } : batch;
      },
    },
  },
});

describe('nanGuard on wasm', () => {
  beforeAll(async () => {
    await loadEngine('wasm');
  });

  it.each<[string, Injection, RegExp]>([
    ['a weight', inWeight, /not finite: weight 'block\.1\.a\.in\.bias' of block 'block\.1'; block 'block\.1' is the first whose output is not finite/],
    ['a gradient', inGradient, /the forward pass is sound, and the gradient of 'block\.2\.b\.out\.weight' of block 'block\.2' is not finite/],
    ['a batch', inBatch, /the input of block 'block\.0' is not finite already/],
  ])('names the place of a NaN in %s, rolls back, and keeps no tensor', async (_, inject, message) => {
    const learner = mlp({ depth: 3 });
    const warnings: string[] = [];
    const tensors: number[] = [];
    const { learner: changed = learner, plugins = [] } = inject(learner);
    const trainer = createTrainer({
      learner: changed,
      plugins: [nanGuard({ policy: 'rollback', every: 2 }), ...plugins],
      steps: 6,
      learningRate: 0.01,
      services: (run) => run.register(Logger, { useFactory: (): Logger => ({ info: () => undefined, warn: (line) => void warnings.push(line) }) }),
    });
    trainer.on('step', () => void tensors.push(tf.memory().numTensors));
    const { stopped } = await trainer.run();
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(stopped).toBeUndefined();
    expect(tensors[5]).toBe(tensors[2]);
    expect(Object.values(learner.save()).every(({ data }) => [...data].every(Number.isFinite))).toBe(true);
    learner.dispose();
  });
});

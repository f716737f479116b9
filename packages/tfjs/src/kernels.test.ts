import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from './engines/load-engine.js';
import { countKernels, kernelCounts } from './kernels.js';

describe.each(['wasm', 'cpu'] as const)('kernelCounts on %s', (engine) => {
  beforeAll(async () => {
    await loadEngine(engine);
  });

  it('counts forward and backward kernels by name', () => {
    const x = tf.tensor1d([1, 2]);
    const run = () => tf.tidy(() => void tf.grad((x) => tf.sum(tf.exp(x)))(x));
    const counts = kernelCounts(run);
    expect(counts).toMatchObject({ Exp: 1, Sum: 1, Multiply: expect.any(Number) });
    expect(kernelCounts(run)).toEqual(counts);
    expect(kernelCounts(() => {})).toEqual({});
    x.dispose();
  });

  it('stops counting, also after a throw', () => {
    const before = tf.getKernelsForBackend(engine).map((config) => config.kernelFunc);
    expect(() =>
      kernelCounts(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(tf.getKernelsForBackend(engine).map((config) => config.kernelFunc)).toEqual(before);
  });

  it('counts across asynchronous work, nested', async () => {
    const outer = countKernels();
    await Promise.resolve();
    const x = tf.scalar(4);
    const inner = kernelCounts(() => tf.sqrt(x).dispose());
    tf.exp(x).dispose();
    expect(inner).toEqual({ Sqrt: 1 });
    expect(outer.stop()).toEqual({ Sqrt: 1, Exp: 1 });
    x.dispose();
  });
});

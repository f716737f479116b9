import type * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { layerNorm } from './layer-norm.js';

const reference =
  (epsilon: number) =>
  (x: Float64Array, gamma: Float64Array, beta: Float64Array): Float64Array => {
    const width = gamma.length;
    return x.map((value, i) => {
      const row = x.subarray(i - (i % width), i - (i % width) + width);
      const mean = row.reduce((sum, v) => sum + v, 0) / width;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
      return ((value - mean) / Math.sqrt(variance + epsilon)) * (gamma[i % width] as number) + (beta[i % width] as number);
    });
  };

describe.each(testedEngines)('layerNorm on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([
    { shape: [1, 1], epsilon: 1e-2, scale: 1 },
    { shape: [5, 3], epsilon: 1e-12, scale: 1 },
    { shape: [2, 3, 8], epsilon: 1e-5, scale: 10 },
    { shape: [7, 33], epsilon: 1e-12, scale: 0.01 },
  ])('has the value and the gradients of the definition: $shape, epsilon $epsilon', ({ shape, epsilon, scale }) => {
    const width = shape.at(-1) as number;
    checkOp({
      inputs: [numbers(shape, 1, scale), numbers([width], 2), numbers([width], 3)],
      op: (x, gamma, beta) => layerNorm(x as tf.Tensor, gamma as tf.Tensor, beta as tf.Tensor, epsilon),
      reference: reference(epsilon),
      shape,
      tolerance: 1e-4,
    });
  });
});

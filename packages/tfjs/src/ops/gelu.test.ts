import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { gelu } from './gelu.js';

/** erf by its Taylor series, exact to float64 for |x| below 5. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const reference = (x: Float64Array) => x.map((v) => (v * (1 + erf(v / Math.SQRT2))) / 2);

describe.each(testedEngines)('gelu on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([
    { shape: [1], scale: 1 },
    { shape: [3, 5], scale: 1 },
    { shape: [2, 3, 7], scale: 4 },
    { shape: [0, 3], scale: 1 },
  ])('has the value and the gradient of x·Φ(x): $shape up to $scale', ({ shape, scale }) => {
    checkOp({ inputs: [numbers(shape, 5, scale)], op: (x) => gelu(x as tf.Tensor), reference, shape, tolerance: 1e-6 });
  });

  it('agrees with published values', () => {
    // PyTorch 2: torch.nn.functional.gelu(torch.tensor([-3., -1., 0., 1., 3.]))
    const expected = [-0.00404951, -0.15865529, 0, 0.84134471, 2.99595049];
    const y = tf.tidy(() => gelu(tf.tensor1d([-3, -1, 0, 1, 3])).dataSync());
    for (const [i, value] of y.entries()) expect(value).toBeCloseTo(expected[i] as number, 6);
  });

  it('goes to 0 and to x far from 0, and keeps NaN', () => {
    const y = tf.tidy(() => gelu(tf.tensor1d([-1e30, -50, -8, 8, 50, 1e30, Number.NaN])).dataSync());
    expect(Array.from(y).map((value) => value + 0)).toEqual([0, 0, expect.closeTo(0, 12), 8, 50, Math.fround(1e30), Number.NaN]);
  });
});

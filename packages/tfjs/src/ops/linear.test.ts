import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { linear } from './linear.js';

const reference =
  (inputs: number, outputs: number) =>
  (x: Float64Array, w: Float64Array, b?: Float64Array): Float64Array =>
    Float64Array.from({ length: (x.length / inputs) * outputs }, (_, i) => {
      const row = Math.floor(i / outputs);
      const column = i % outputs;
      let sum = b?.[column] ?? 0;
      for (let k = 0; k < inputs; k++) sum += (x[row * inputs + k] as number) * (w[column * inputs + k] as number);
      return sum;
    });

describe.each(testedEngines)('linear on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it('multiplies by the transposed weight and adds the bias', () => {
    const y = tf.tidy(() =>
      linear(
        tf.tensor2d([[1, 2, 3]]),
        tf.tensor2d([
          [1, 0, 0],
          [0, 1, 1],
        ]),
        tf.tensor1d([10, 20]),
      ).dataSync(),
    );
    expect(Array.from(y)).toEqual([11, 25]);
  });

  it.each([
    { batch: [1], inputs: 1, outputs: 1 },
    { batch: [3], inputs: 5, outputs: 7 },
    { batch: [2, 3], inputs: 4, outputs: 6 },
    { batch: [2, 2, 2], inputs: 3, outputs: 2 },
    { batch: [17], inputs: 101, outputs: 50 }, // over the blocks of 48 in which wasm's fused product adds its bias
  ])('has the value and the gradients of x·wᵀ + b: $batch × $inputs → $outputs', ({ batch, inputs, outputs }) => {
    const x = numbers([...batch, inputs], 1);
    const w = numbers([outputs, inputs], 2);
    const b = numbers([outputs], 3);
    checkOp({
      inputs: [x, w, b],
      op: (x, w, b) => linear(x as tf.Tensor, w as tf.Tensor, b),
      reference: reference(inputs, outputs),
      shape: [...batch, outputs],
    });
    checkOp({ inputs: [x, w], op: (x, w) => linear(x as tf.Tensor, w as tf.Tensor), reference: reference(inputs, outputs), shape: [...batch, outputs] });
  });

  it('sees a variable that was assigned', () => {
    const w = tf.variable(tf.tensor2d([[1, 2]]));
    const x = tf.tensor2d([[3, 4]]);
    const first = tf.tidy(() => linear(x, w).dataSync()[0]);
    w.assign(tf.tensor2d([[10, 20]]));
    const second = tf.tidy(() => linear(x, w).dataSync()[0]);
    expect([first, second]).toEqual([11, 110]);
    tf.dispose([w, x]);
  });
});

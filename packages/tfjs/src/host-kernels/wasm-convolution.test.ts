import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';

const numbers = (key: number, shape: readonly number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => Math.sin(1.3 * i + key)),
    [...shape],
  );

/** Gradients by image and by filter. */
async function gradients(engine: 'wasm' | 'cpu', x: readonly number[], filter: readonly number[], strides: number, pad: 'same' | 'valid'): Promise<number[][]> {
  await loadEngine(engine);
  return tf.tidy(() => {
    const f = (a: tf.Tensor, b: tf.Tensor) => {
      const y = tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad);
      return tf.sum(tf.mul(y, numbers(5, y.shape)));
    };
    return tf
      .grads(f)([numbers(1, x), numbers(2, filter)])
      .map((gradient) => Array.from(gradient.dataSync()));
  });
}

it('convolutions have the gradients of the cpu engine on wasm', async () => {
  const size = fc.integer({ min: 1, max: 3 });
  const shapes = fc.record({
    batch: size,
    height: fc.integer({ min: 3, max: 6 }),
    width: fc.integer({ min: 3, max: 6 }),
    from: size,
    to: size,
    rows: size,
    columns: size,
    strides: fc.constantFrom(1, 2),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ batch, height, width, from, to, rows, columns, strides, pad }) => {
      const given = [[batch, height, width, from], [rows, columns, from, to], strides, pad] as const;
      const [mine, theirs] = [await gradients('wasm', ...given), await gradients('cpu', ...given)];
      for (const [i, one] of mine.entries()) for (const [k, value] of one.entries()) expect(value).toBeCloseTo(theirs[i]![k]!, 4);
    }),
    { numRuns: 40 },
  );
});

it('leaves nothing behind', async () => {
  await gradients('wasm', [2, 5, 5, 2], [3, 3, 2, 3], 2, 'same');
  const { numTensors, numDataBuffers } = tf.memory();
  await gradients('wasm', [2, 5, 5, 2], [3, 3, 2, 3], 2, 'same');
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
});

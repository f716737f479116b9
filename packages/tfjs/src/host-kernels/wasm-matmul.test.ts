import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { withStockMatMul } from './wasm-matmul.js';

await loadEngine('wasm');

const numbers = (key: number, shape: readonly number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => Math.sin(1.3 * i + key)),
    [...shape],
  );

interface Shapes {
  readonly batchA: readonly number[];
  readonly batchB: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The product and, where no axis is repeated, of which tfjs has no gradient, both gradients. */
const products = ({ batchA, batchB, m, k, n, transposeA, transposeB }: Shapes) =>
  tf.tidy(() => {
    const f = (a: tf.Tensor, b: tf.Tensor) => {
      const y = tf.matMul(a, b, transposeA, transposeB);
      return tf.sum(tf.mul(y, numbers(5, y.shape)));
    };
    const given = [numbers(1, [...batchA, ...(transposeA ? [k, m] : [m, k])]), numbers(2, [...batchB, ...(transposeB ? [n, k] : [k, n])])] as const;
    const gradients = batchA.join() === batchB.join() ? tf.grads(f)([...given]) : [];
    return [tf.matMul(...given, transposeA, transposeB), ...gradients].map((x) => ({ shape: x.shape, values: Array.from(x.dataSync()) }));
  });

it('is the product of the backend, with its gradients', () => {
  const size = fc.integer({ min: 1, max: 5 });
  const batch = fc.constantFrom<readonly (readonly number[])[]>(
    [[], []],
    [[1], [1]],
    [[3], [3]],
    [
      [2, 2],
      [2, 2],
    ],
    [[3], [1]],
    [[1], [3]],
  );
  const shapes = fc.record({ batch, m: size, k: size, n: size, transposeA: fc.boolean(), transposeB: fc.boolean() });
  fc.assert(
    fc.property(shapes, ({ batch: [batchA, batchB], ...rest }) => {
      const given = { batchA: batchA!, batchB: batchB!, ...rest };
      const [mine, theirs] = [products(given), withStockMatMul(() => products(given))];
      for (const [i, { shape, values }] of mine.entries()) {
        expect(shape).toEqual(theirs[i]!.shape);
        for (const [at, value] of values.entries()) expect(value).toBeCloseTo(theirs[i]!.values[at]!, 4);
      }
    }),
    { numRuns: 200 },
  );
});

it('sums as the plain product does, where the backend by itself does not', () => {
  const [a, b] = [numbers(1, [40, 200]), numbers(2, [40, 200])];
  const values = (f: () => tf.Tensor): number[] => tf.tidy(() => Array.from(f().dataSync()));
  const plain = values(() => tf.matMul(a, tf.transpose(b)));
  const turned = () => values(() => tf.matMul(a, b, false, true));
  expect(turned()).toEqual(plain);
  expect(withStockMatMul(turned)).not.toEqual(plain);
});

it('sums nothing to zeros', () => {
  const garbage = tf.fill([8], 7);
  garbage.dispose();
  const [a, b] = [tf.zeros([2, 0]), tf.zeros([0, 4])];
  for (const y of [tf.matMul(a, b), tf.matMul(tf.transpose(a), b, true, false), tf.matMul(tf.zeros([3, 2, 0]), tf.zeros([3, 4, 0]), false, true)])
    expect(new Set(y.dataSync())).toEqual(new Set([0]));
  expect(tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])).shape).toEqual([0, 3]);
  expect(tf.matMul(tf.zeros([0, 2, 2]), tf.zeros([0, 2, 3])).shape).toEqual([0, 2, 3]);
});

it('leaves nothing behind', () => {
  const { numTensors, numDataBuffers } = tf.memory();
  products({ batchA: [3], batchB: [3], m: 2, k: 3, n: 4, transposeA: true, transposeB: true });
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
});

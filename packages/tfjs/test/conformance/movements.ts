import * as tf from '@tensorflow/tfjs-core';
import { numbers } from '../check-op.js';
import { type Cases, type ConformanceCase, filled, one, type Shape, two } from './case.js';

/** What only moves numbers. */
export function movements(): Cases {
  const x = numbers([3, 5], 6);
  const from = (shape: Shape, source: (at: readonly number[]) => number | undefined) => (v: Float64Array) =>
    filled(shape, (at) => {
      const i = source(at);
      return i === undefined ? 0 : (v[i] as number);
    });
  const at = (shape: Shape, op: (x: tf.Tensor) => tf.Tensor, source: (at: readonly number[]) => number | undefined): ConformanceCase => ({
    op: (xs) => op(one(xs)),
    reference: from(shape, source),
    inputs: [x],
    shape,
  });
  const rows = [2, 0, 2, 2, 1];
  return {
    transpose: at([5, 3], tf.transpose, ([i, j]) => (j as number) * 5 + (i as number)),
    'transpose, empty': { op: (xs) => tf.transpose(one(xs)), reference: () => new Float64Array(), inputs: [numbers([0, 3], 1)], shape: [3, 0] },
    reshape: at([5, 3], (x) => tf.reshape(x, [5, 3]), ([i, j]) => (i as number) * 3 + (j as number)), // biome-ignore format: one line each
    slice: at([2, 3], (x) => tf.slice(x, [1, 2], [2, 3]), ([i, j]) => ((i as number) + 1) * 5 + (j as number) + 2), // biome-ignore format: one line each
    pad: at([4, 5], (x) => tf.pad(x, [[1, 0], [0, 0]]), ([i, j]) => (i === 0 ? undefined : ((i as number) - 1) * 5 + (j as number))), // biome-ignore format: one line each
    concat: at([6, 5], (x) => tf.concat([x, tf.neg(tf.neg(x))], 0), ([i, j]) => ((i as number) % 3) * 5 + (j as number)), // biome-ignore format: one line each
    stack: at([2, 3, 5], (x) => tf.stack([x, x]), ([, i, j]) => (i as number) * 5 + (j as number)), // biome-ignore format: one line each
    tile: at([6, 5], (x) => tf.tile(x, [2, 1]), ([i, j]) => ((i as number) % 3) * 5 + (j as number)), // biome-ignore format: one line each
    'gather, rows repeat': {
      op: (xs, [ids]) => tf.gather(one(xs), ids as tf.Tensor1D),
      reference: from([5, 5], ([i, j]) => (rows[i as number] as number) * 5 + (j as number)),
      inputs: [x],
      given: [{ dtype: 'int32', shape: [5], data: rows }],
      shape: [5, 5],
    },
    'where, the condition of type bool': {
      op: (xs, [keep]) => tf.where(keep as tf.Tensor, ...two(xs)),
      reference: (a, b) => a.map((v, i) => (i % 2 === 0 ? v : (b[i] as number))),
      inputs: [x, numbers([3, 5], 7)],
      given: [{ dtype: 'bool', shape: [3, 5], data: Array.from({ length: 15 }, (_, i) => (i + 1) % 2) }],
      shape: [3, 5],
    },
  };
}

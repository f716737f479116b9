import * as tf from '@tensorflow/tfjs-core';
import { numbers } from '../check-op.js';
import { type Cases, filled, flat, one, type Shape } from './case.js';

/** Sums, means, maxima along an axis, and softmax. */
export function reductions(): Cases {
  const cases: Cases = {};
  const sums: readonly (readonly [x: Shape, axis: number, y: Shape])[] = [
    [[1], 0, []],
    [[3, 7], 0, [7]],
    [[3, 7], 1, [3]],
    [[2, 3, 5], 1, [2, 5]],
    [[0, 3], 0, [3]],
    [[0, 3], 1, [0]],
  ];
  for (const [x, axis, shape] of sums) {
    const along = (values: Float64Array, at: readonly number[]) =>
      Array.from({ length: x[axis] as number }, (_, n) => values[flat([...at.slice(0, axis), n, ...at.slice(axis)], x)] as number);
    const total = (list: readonly number[]) => list.reduce((sum, v) => sum + v, 0);
    cases[`sum [${x}] over ${axis}`] = {
      op: (xs) => tf.sum(one(xs), axis),
      reference: (v) => filled(shape, (at) => total(along(v, at))),
      inputs: [numbers(x, 3)],
      shape,
    };
    if (x[axis] === 0) continue;
    cases[`mean [${x}] over ${axis}`] = {
      op: (xs) => tf.mean(one(xs), axis),
      reference: (v) => filled(shape, (at) => total(along(v, at)) / (x[axis] as number)),
      inputs: [numbers(x, 3)],
      shape,
    };
    cases[`max [${x}] over ${axis}`] = {
      op: (xs) => tf.max(one(xs), axis),
      reference: (v) => filled(shape, (at) => Math.max(...along(v, at))),
      inputs: [numbers(x, 3)],
      shape,
    };
  }
  for (const shape of [
    [1, 1],
    [3, 7],
    [2, 3, 5],
    [0, 3],
  ]) {
    const width = shape.at(-1) as number;
    const rows = (x: Float64Array, f: (row: Float64Array, j: number) => number) =>
      x.map((_, i) => f(x.subarray(i - (i % width), i - (i % width) + width), i % width));
    const sumExp = (row: Float64Array) => row.reduce((sum, v) => sum + Math.exp(v), 0);
    const inputs = [numbers(shape, 4, 3)];
    cases[`softmax [${shape}]`] = {
      op: (xs) => tf.softmax(one(xs)),
      reference: (x) => rows(x, (row, j) => Math.exp(row[j] as number) / sumExp(row)),
      inputs,
      shape,
    };
    cases[`logSoftmax [${shape}]`] = {
      op: (xs) => tf.logSoftmax(one(xs)),
      reference: (x) => rows(x, (row, j) => (row[j] as number) - Math.log(sumExp(row))),
      inputs,
      shape,
    };
  }
  return cases;
}

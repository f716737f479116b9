import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../../src/ops/index.js';
import { numbers } from '../check-op.js';
import { type Cases, filled, one, positive, type Shape, taken, two } from './case.js';

/** erf by its Taylor series, exact to float64 for small numbers. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const unary: Readonly<Record<string, readonly [op: (x: tf.Tensor) => tf.Tensor, plain: (x: number) => number, domain?: 'positive']>> = {
  neg: [tf.neg, (x) => -x],
  square: [tf.square, (x) => x * x],
  exp: [tf.exp, Math.exp],
  tanh: [tf.tanh, Math.tanh],
  sigmoid: [tf.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  relu: [tf.relu, (x) => Math.max(0, x)],
  log: [tf.log, Math.log, 'positive'],
  sqrt: [tf.sqrt, Math.sqrt, 'positive'],
  rsqrt: [tf.rsqrt, (x) => 1 / Math.sqrt(x), 'positive'],
  gelu: [gelu, (x) => (x * (1 + erf(x / Math.SQRT2))) / 2],
};
const binary: Readonly<Record<string, readonly [op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, plain: (a: number, b: number) => number]>> = {
  add: [tf.add, (a, b) => a + b],
  sub: [tf.sub, (a, b) => a - b],
  mul: [tf.mul, (a, b) => a * b],
  div: [tf.div, (a, b) => a / b],
};
const shapes: readonly Shape[] = [[], [1], [5], [3, 7], [2, 3, 5], [0], [0, 3]];
const pairs: readonly (readonly [a: Shape, b: Shape, y: Shape])[] = [
  [[], [], []],
  [[1], [1], [1]],
  [
    [3, 5],
    [3, 5],
    [3, 5],
  ],
  [[3, 5], [5], [3, 5]],
  [
    [2, 1, 3],
    [5, 1],
    [2, 5, 3],
  ],
  [[], [7], [7]],
  [[0, 3], [3], [0, 3]],
];

/** Functions of one number, and of two that are broadcast. */
export function elementwise(): Cases {
  const cases: Cases = {};
  for (const [name, [op, plain, domain]] of Object.entries(unary)) {
    for (const shape of shapes) {
      const x = numbers(shape, 5, 2);
      cases[`${name} [${shape}]`] = { op: (xs) => op(one(xs)), reference: (x) => x.map(plain), inputs: [domain ? positive(x) : x], shape };
    }
  }
  for (const [name, [op, plain]] of Object.entries(binary)) {
    for (const [a, b, shape] of pairs) {
      const reference = (x: Float64Array, y: Float64Array) => filled(shape, (at) => plain(x[taken(at, a)] as number, y[taken(at, b)] as number));
      cases[`${name} [${a}], [${b}]`] = { op: (xs) => op(...two(xs)), reference, inputs: [numbers(a, 1), positive(numbers(b, 2))], shape };
    }
  }
  return cases;
}

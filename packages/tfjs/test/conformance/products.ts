import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../../src/ops/index.js';
import { numbers } from '../check-op.js';
import { type Cases, filled, flat, type Shape, sizeOf, two } from './case.js';

/** Matrix products, each factor transposed or not, batched or not. */
export function products(): Cases {
  const cases: Cases = {};
  const sizes: readonly (readonly [batch: Shape, m: number, k: number, n: number])[] = [
    [[], 1, 1, 1],
    [[], 5, 7, 3],
    [[2], 3, 5, 2],
    [[], 0, 3, 2],
  ];
  for (const [batch, m, k, n] of sizes) {
    for (const [ta, tb] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const [a, b, shape] = [
        [...batch, ...(ta ? [k, m] : [m, k])],
        [...batch, ...(tb ? [n, k] : [k, n])],
        [...batch, m, n],
      ];
      const reference = (x: Float64Array, y: Float64Array) =>
        filled(shape, (at) => {
          const [i, j, outer] = [at.at(-2) as number, at.at(-1) as number, at.slice(0, -2)];
          let sum = 0;
          for (let l = 0; l < k; l++)
            sum += (x[flat([...outer, ...(ta ? [l, i] : [i, l])], a)] as number) * (y[flat([...outer, ...(tb ? [j, l] : [l, j])], b)] as number);
          return sum;
        });
      cases[`matMul [${a}]${ta ? 'ᵀ' : ''}, [${b}]${tb ? 'ᵀ' : ''}`] = {
        op: (xs) => tf.matMul(...two(xs), ta, tb),
        reference,
        inputs: [numbers(a, 1), numbers(b, 2)],
        shape,
      };
    }
  }
  for (const [batch, inputs, outputs] of [
    [[1], 1, 1],
    [[2, 3], 5, 7],
    [[0], 3, 2],
  ] as const) {
    const shape = [...batch, outputs];
    const reference = (x: Float64Array, w: Float64Array, b: Float64Array) =>
      Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
        const [row, column] = [Math.floor(i / outputs), i % outputs];
        return Array.from({ length: inputs }, (_, l) => (x[row * inputs + l] as number) * (w[column * inputs + l] as number)).reduce(
          (sum, v) => sum + v,
          b[column] as number,
        );
      });
    cases[`linear [${batch},${inputs}] to ${outputs}`] = {
      op: (xs) => linear(...(xs as [tf.Tensor, tf.Tensor, tf.Tensor])),
      reference,
      inputs: [numbers([...batch, inputs], 1), numbers([outputs, inputs], 2), numbers([outputs], 3)],
      shape,
    };
  }
  return cases;
}

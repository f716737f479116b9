import * as tf from '@tensorflow/tfjs-core';
import { addScaled, blend } from '../../src/learner/residual.js';
import { attention, embedding, gatherPositions, layerNorm, softmaxCrossEntropy } from '../../src/ops/index.js';
import { numbers } from '../check-op.js';
import { type Cases, filled, flat, one, two } from './case.js';

/** The composite ops that models are written against, and the algebra of gates. */
export function composites(): Cases {
  const cases: Cases = {};
  for (const shape of [
    [1, 1],
    [2, 3, 5],
    [0, 3],
  ]) {
    const width = shape.at(-1) as number;
    cases[`layerNorm [${shape}]`] = {
      op: (xs) => layerNorm(...(xs as [tf.Tensor, tf.Tensor, tf.Tensor]), 1e-2),
      reference: (x, gamma, beta) =>
        x.map((v, i) => {
          const row = x.subarray(i - (i % width), i - (i % width) + width);
          const mean = row.reduce((sum, w) => sum + w, 0) / width;
          const variance = row.reduce((sum, w) => sum + (w - mean) ** 2, 0) / width;
          return ((v - mean) / Math.sqrt(variance + 1e-2)) * (gamma[i % width] as number) + (beta[i % width] as number);
        }),
      inputs: [numbers(shape, 1), numbers([width], 2), numbers([width], 3)],
      shape,
      tolerance: 1e-4,
    };
    cases[`x + gain·f [${shape}]`] = {
      op: (xs) => addScaled(...two(xs), tf.scalar(1.5)),
      reference: (x, f) => x.map((v, i) => v + 1.5 * (f[i] as number)),
      inputs: [numbers(shape, 1), numbers(shape, 2)],
      shape,
    };
    cases[`x + gain·(y − x) [${shape}]`] = {
      op: (xs) => blend(...two(xs), tf.scalar(1.5)),
      reference: (x, y) => x.map((v, i) => v + 1.5 * ((y[i] as number) - v)),
      inputs: [numbers(shape, 1), numbers(shape, 2)],
      shape,
    };
  }
  for (const [batch, length] of [
    [1, 1],
    [2, 3],
    [0, 3],
  ] as const) {
    const [heads, depth] = [2, 3];
    const shape = [batch, length, heads * depth];
    const open = (b: number, j: number) => j === 0 || (b + j) % 2 === 0;
    cases[`attention [${shape}]`] = {
      op: (xs, [mask]) => attention(...(xs as [tf.Tensor, tf.Tensor, tf.Tensor]), { heads, mask: mask as tf.Tensor }),
      reference: (q, k, v) =>
        filled(shape, ([b, i, c]) => {
          const head = Math.floor((c as number) / depth) * depth;
          const scores = Array.from({ length }, (_, j) => {
            if (!open(b as number, j)) return 0;
            let score = 0;
            for (let d = 0; d < depth; d++)
              score += (q[flat([b as number, i as number, head + d], shape)] as number) * (k[flat([b as number, j, head + d], shape)] as number);
            return Math.exp(score / Math.sqrt(depth));
          });
          const total = scores.reduce((sum, score) => sum + score, 0);
          return scores.reduce((sum, score, j) => sum + (score / total) * (v[flat([b as number, j, c as number], shape)] as number), 0);
        }),
      inputs: [numbers(shape, 1, 2), numbers(shape, 2, 2), numbers(shape, 3)],
      given: [
        { dtype: 'int32', shape: [batch, length], data: Array.from({ length: batch * length }, (_, i) => (open(Math.floor(i / length), i % length) ? 1 : 0)) },
      ],
      shape,
    };
  }
  for (const labels of [[0], [2, 0, 4], []]) {
    const rows = labels.length;
    cases[`softmaxCrossEntropy [${rows},5]`] = {
      op: (xs, [ids]) => softmaxCrossEntropy(one(xs), ids as tf.Tensor, tf.fill([rows], 0.5)),
      reference: (z) =>
        Float64Array.of(
          labels.reduce((sum, label, n) => {
            const row = z.subarray(n * 5, n * 5 + 5);
            return sum + 0.5 * (Math.log(row.reduce((all, v) => all + Math.exp(v), 0)) - (row[label] as number));
          }, 0),
        ),
      inputs: [numbers([rows, 5], 4, 3)],
      given: [{ dtype: 'int32', shape: [rows], data: labels }],
      shape: [],
    };
  }
  for (const ids of [
    [[3]],
    [
      [1, 3, 3],
      [0, 1, 1],
    ],
    [],
  ] as const) {
    const shape = [ids.length, ids[0]?.length ?? 0];
    cases[`embedding of ids [${shape}]`] = {
      op: (xs, [of]) => embedding(one(xs), of as tf.Tensor),
      reference: (table) => Float64Array.from(ids.flatMap((row) => row.flatMap((id) => [...table.subarray(id * 5, id * 5 + 5)]))),
      inputs: [numbers([4, 5], 1)],
      given: [{ dtype: 'int32', shape, data: ids.flat() }],
      shape: [...shape, 5],
    };
  }
  cases['positions inside rows'] = {
    op: (xs, [positions]) => gatherPositions(one(xs), positions as tf.Tensor),
    reference: (x) => Float64Array.from([2, 0, 4, 4].flatMap((row) => [...x.subarray(row * 5, row * 5 + 5)])),
    inputs: [numbers([2, 3, 5], 1)],
    given: [{ dtype: 'int32', shape: [2, 2], data: [2, 0, 1, 1] }],
    shape: [4, 5],
  };
  return cases;
}

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { usedMask } from '../../test/used-mask.js';
import { attention } from './attention.js';

interface Shape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly depth: number;
}

/** By definition, number for number. */
function reference({ batch, length, heads, depth }: Shape, mask?: ArrayLike<number>, thinning?: ArrayLike<number>, causal = false) {
  const width = heads * depth;
  return (q: Float64Array, k: Float64Array, v: Float64Array): Float64Array => {
    const y = new Float64Array(q.length);
    for (let b = 0; b < batch; b++)
      for (let a = 0; a < heads; a++)
        for (let i = 0; i < length; i++) {
          const at = (position: number, d: number) => (b * length + position) * width + a * depth + d;
          const scores = Array.from({ length }, (_, j) => {
            if ((mask && mask[b * length + j] === 0) || (causal && j > i)) return Number.NEGATIVE_INFINITY;
            let score = 0;
            for (let d = 0; d < depth; d++) score += (q[at(i, d)] as number) * (k[at(j, d)] as number);
            return score / Math.sqrt(depth);
          });
          const most = Math.max(...scores);
          const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
          for (let j = 0; j < length; j++) {
            const kept = thinning?.[((b * heads + a) * length + i) * length + j] ?? 1;
            const p = (Math.exp((scores[j] as number) - most) / total) * kept;
            for (let d = 0; d < depth; d++) y[at(i, d)] = (y[at(i, d)] as number) + p * (v[at(j, d)] as number);
          }
        }
    return y;
  };
}

const shapes: readonly Shape[] = [
  { batch: 1, length: 1, heads: 1, depth: 1 },
  { batch: 2, length: 3, heads: 1, depth: 5 },
  { batch: 1, length: 6, heads: 3, depth: 2 },
  { batch: 2, length: 9, heads: 2, depth: 11 },
];

describe.each(testedEngines)('attention on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each(shapes)('has the value and the gradients of the definition: %o', (shape) => {
    const full = [shape.batch, shape.length, shape.heads * shape.depth];
    const inputs = [numbers(full, 1, 2), numbers(full, 2, 2), numbers(full, 3)];
    const op = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) => attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { heads: shape.heads });
    checkOp({ inputs, op, reference: reference(shape), shape: full });
  });

  it('gives padding no weight at all', () => {
    const shape = { batch: 2, length: 4, heads: 2, depth: 3 };
    const full = [2, 4, 6];
    const mask = [1, 1, 1, 0, 1, 0, 0, 0];
    const inputs = [numbers(full, 1, 3), numbers(full, 2, 3), numbers(full, 3)];
    const maskTensor = tf.tensor2d(mask, [2, 4], 'int32');
    const op = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) => attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { heads: 2, mask: maskTensor });
    checkOp({ inputs, op, reference: reference(shape, mask), shape: full });
    maskTensor.dispose();
  });

  it.each(shapes)('causal, gives what comes later no weight at all: %o', (shape) => {
    const full = [shape.batch, shape.length, shape.heads * shape.depth];
    const inputs = [numbers(full, 1, 3), numbers(full, 2, 3), numbers(full, 3)];
    const op = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) => attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { heads: shape.heads, causal: true });
    checkOp({ inputs, op, reference: reference(shape, undefined, undefined, true), shape: full });
  });

  it('drops probabilities by its key, forward and backward', () => {
    const shape = { batch: 1, length: 5, heads: 2, depth: 2 };
    const full = [1, 5, 4];
    const dropout = { rate: 0.4, seed: [7, 8], salt: 9 } as const;
    const inputs = [numbers(full, 1), numbers(full, 2), numbers(full, 3)];
    const op = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) => attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { heads: 2, dropout });
    checkOp({ inputs, op, reference: reference(shape, undefined, usedMask(50, 0.4, dropout)), shape: full });
  });

  it('refuses heads that do not divide the width', () => {
    const x = tf.zeros([1, 2, 6]);
    expect(() => attention(x, x, x, { heads: 4 })).toThrow(expect.objectContaining({ code: 'HOOKLINE_SHAPE' }));
    x.dispose();
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../ops/index.js';

/** The same numbers as another tensor: a gradient must not be the very tensor that it was computed from, which has another owner. */
const alias = (x: tf.Tensor): tf.Tensor => tf.reshape(x, x.shape);

/**
 * `x + gain · f`, elementwise; plain `x + f` without a gain. The gain is a scalar tensor, so that compiled code takes it as an argument.
 * Gradients: dy for x, gain · dy for f, none for the gain.
 */
export function addScaled(x: tf.Tensor, f: tf.Tensor, gain?: tf.Tensor): tf.Tensor {
  return withGradient([x, f], (save) => {
    if (gain) save(gain);
    return {
      value: gain ? tf.add(x, tf.mul(f, gain)) : tf.add(x, f),
      gradient: (dy, [g]) => [alias(dy), g ? tf.mul(dy, g) : alias(dy)],
    };
  });
}

/**
 * `x + gain · (y − x)`, elementwise: a whole block's output y scaled about its input x.
 * Gradients: (1 − gain) · dy for x, gain · dy for y, none for the gain.
 */
export function blend(x: tf.Tensor, y: tf.Tensor, gain: tf.Tensor): tf.Tensor {
  return withGradient([x, y], (save) => {
    save(gain);
    return {
      value: tf.add(x, tf.mul(tf.sub(y, x), gain)),
      gradient: (dy, [g]) => {
        const forY = tf.mul(dy, g as tf.Tensor);
        return [tf.sub(dy, forY), forY];
      },
    };
  });
}

export interface WeightedSum {
  /** Σ factor_k · x_k. */
  readonly total: tf.Tensor;
  /** The terms by themselves, kept: the caller disposes of them. */
  readonly terms: readonly tf.Tensor[];
}

/** `Σ factor_k · x_k` of scalars. Gradients: factor_k · dy. */
export function weightedSum(xs: readonly tf.Tensor[], factors: readonly number[]): WeightedSum {
  const terms: tf.Tensor[] = [];
  const total = withGradient(xs, (save) => {
    save();
    for (const [i, x] of xs.entries()) terms.push(tf.keep(tf.mul(x, factors[i] as number)));
    return {
      value: terms.length === 1 ? alias(terms[0] as tf.Tensor) : tf.addN(terms),
      gradient: (dy) => factors.map((factor) => tf.mul(dy, factor)),
    };
  });
  return { total, terms };
}

import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.js';

/**
 * Weighted sum of the cross-entropies of rows: Σ wₙ·(log Σ exp(zₙ) − zₙ[labelₙ]).
 *
 * logits [N, V], labels int32 [N] in [0, V), weights float32 [N] (0 for padding); a scalar. Stable for logits of any size: the softmax p subtracts
 * the largest logit m, and since the largest p is 1/Σ exp(z − m), log Σ exp(z) = m − log(max p).
 * Gradient: dlogits = dy·w·(p − onehot(label)); labels and weights have none. No rows: 0.
 */
export function softmaxCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  const [rows, classes] = logits.shape as [number, number];
  if (rows === 0) return tf.sum(logits); // backends refuse to look something up in nothing
  return withGradient([logits], (save) => {
    const p = tf.softmax(logits); // [N, V]
    const picks = tf.stack([tf.range(0, rows, 1, 'int32'), labels], 1); // [N, 2]
    const logSumExp = tf.sub(tf.max(logits, 1), tf.log(tf.max(p, 1))); // [N]
    const losses = tf.mul(tf.sub(logSumExp, tf.gatherND(logits, picks)), weights);
    save(p, picks, weights);
    return {
      value: tf.sum(losses) as tf.Scalar,
      gradient: (dy, saved) => {
        const [p, picks, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const scale = tf.mul(weights, dy); // [N]
        return [tf.sub(tf.mul(p, tf.reshape(scale, [rows, 1])), tf.scatterND(picks, scale, [rows, classes]))];
      },
    };
  });
}

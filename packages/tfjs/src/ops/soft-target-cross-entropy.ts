import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.js';

/**
 * Sum of the cross-entropies of rows against shares of classes: Σₙ Σ_c qₙ_c·(log Σ exp(zₙ) − zₙ_c).
 *
 * logits [N, C], targets q float32 [N, C]: a row of a class's weight at its label is the usual cross-entropy, one of zeros is left out; label smoothing
 * and class weights are other rows. A scalar. Stable for logits of any size, as `softmaxCrossEntropy`: log Σ exp(z) = max z − log(max p).
 * Gradient: dlogits = dy·(p·Σ_c q − q); targets have none.
 */
export function softTargetCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  return withGradient([logits], (save) => {
    const p = tf.softmax(logits); // [N, C]
    const logSumExp = tf.sub(tf.max(logits, 1, true), tf.log(tf.max(p, 1, true))); // [N, 1]
    const value = tf.sum(tf.mul(targets, tf.sub(logSumExp, logits))) as tf.Scalar;
    save(p, targets);
    return {
      value,
      gradient: (dy, saved) => {
        const [p, targets] = saved as [tf.Tensor, tf.Tensor];
        return [tf.mul(dy, tf.sub(tf.mul(p, tf.sum(targets, 1, true)), targets))];
      },
    };
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { engineTraits } from '../engines/traits.js';

/**
 * Sums over all axes but the last: [..., H] to [H], the gradient of a bias.
 * A product with a row of ones is the fast form where sums over the first axis transpose.
 */
export function columnSum(x: tf.Tensor): tf.Tensor1D {
  const columns = x.shape[x.shape.length - 1] ?? 1;
  return tf.tidy(() => {
    const rows = tf.reshape(x, [-1, columns]); // [N, H]
    if (engineTraits().transposedProducts) return tf.sum(rows, 0) as tf.Tensor1D;
    return tf.reshape(tf.matMul(tf.ones([1, rows.shape[0] as number]), rows as tf.Tensor2D), [columns]);
  });
}

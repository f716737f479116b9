import * as tf from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.js';
import { product } from './product.js';
import { withGradient } from './with-gradient.js';

/**
 * y = x·wᵀ + b, with the weight in the layout of PyTorch and Hugging Face.
 *
 * x [..., in], w [out, in], b [out] or none; y [..., out].
 * Gradients: dx = dy·w, dw = dyᵀ·x, db = Σ dy over rows.
 */
export function linear(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const [outputs, inputs] = w.shape as [number, number];
  return withGradient(b ? [x, w, b] : [x, w], (save) => {
    const rows = tf.reshape(x, [-1, inputs]); // [N, in]
    const plain = product(rows, w, false, true); // [N, out]
    const y = b ? tf.add(plain, b) : plain;
    save(x, w);
    return {
      value: tf.reshape(y, [...x.shape.slice(0, -1), outputs]),
      gradient: (dy, saved) => {
        const [x, w] = saved as [tf.Tensor, tf.Tensor];
        const dyRows = tf.reshape(dy, [-1, outputs]); // [N, out]
        const dx = tf.reshape(product(dyRows, w), x.shape);
        const dw = product(dyRows, tf.reshape(x, [-1, inputs]), true, false); // [out, in]
        return b ? [dx, dw, columnSum(dyRows)] : [dx, dw];
      },
    };
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { engineTraits } from '../engines/traits.js';

/** Swaps the last two axes: [..., M, N] to [..., N, M]. */
export function swapLast(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/**
 * Matrix product a·b over the last two axes, either factor transposed on request: [..., M, K] · [..., K, N] = [..., M, N].
 * Where an engine multiplies transposed matrices slowly they are transposed first. Has no gradient of its own.
 */
export function product(a: tf.Tensor, b: tf.Tensor, transposeA = false, transposeB = false): tf.Tensor {
  if (engineTraits().transposedProducts) return tf.matMul(a, b, transposeA, transposeB);
  return tf.tidy(() => tf.matMul(transposeA ? swapLast(a) : a, transposeB ? swapLast(b) : b));
}

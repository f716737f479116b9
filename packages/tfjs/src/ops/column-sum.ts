import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from '../host-kernels/register.js';

/** Sums over all axes but the last: [..., H] to [H], the gradient of a bias. Has no gradient of its own. */
export function columnSum(x: tf.Tensor): tf.Tensor1D {
  const rows = tf.reshape(x, [-1, x.shape[x.shape.length - 1] ?? 1]); // [N, H]
  const sums = hasKernel('HooklineColumnSum') ? runKernel('HooklineColumnSum', { x: rows }) : tf.sum(rows, 0);
  rows.dispose();
  return sums as tf.Tensor1D;
}

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from '../host-kernels/register.js';

/**
 * Adds rows [N, H] into a matrix of zeros [V, H] at the given row numbers, summing where a number repeats: the gradient of a gather of rows.
 * `rows` is int32 [N], each in [0, V). Has no gradient of its own.
 */
export function scatterRows(values: tf.Tensor, rows: tf.Tensor, height: number): tf.Tensor2D {
  const width = values.shape[1] as number;
  if (hasKernel('HooklineScatterRows')) return runKernel('HooklineScatterRows', { values, rows }, { height }) as tf.Tensor2D;
  return tf.tidy(() => tf.scatterND(tf.reshape(rows, [-1, 1]), values, [height, width]) as tf.Tensor2D);
}

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernel } from '../host-kernels/register.js';
import { scatterRows } from './scatter-rows.js';
import { withGradient } from './with-gradient.js';

/**
 * Rows of a matrix by number: y[i] = x[rows[i]].
 *
 * x [V, H], rows int32 [N], each in [0, V); y [N, H]. Gradient: dx[v] = Σ dy[i] over rows[i] = v, zero elsewhere.
 */
export function gatherRows(x: tf.Tensor, rows: tf.Tensor): tf.Tensor2D {
  const height = x.shape[0] as number;
  return withGradient([x], (save) => {
    save(rows);
    return {
      value: (hasKernel('HooklineGatherRows') ? runKernel('HooklineGatherRows', { x, rows }) : tf.gather(x, rows as tf.Tensor1D)) as tf.Tensor2D,
      gradient: (dy, saved) => [scatterRows(dy, saved[0] as tf.Tensor, height)],
    };
  });
}

/**
 * One row of each position asked for, e.g. those of masked words.
 *
 * x [B, S, H], positions int32 [B, P], each in [0, S); y [B·P, H]. Gradient as `gatherRows`.
 */
export function gatherPositions(x: tf.Tensor, positions: tf.Tensor): tf.Tensor2D {
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.tidy(() => {
    const offsets = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(length, 'int32')); // [B]
    const rows = tf.reshape(tf.add(positions, tf.reshape(offsets, [batch, 1])), [-1]); // [B·P]
    return gatherRows(tf.reshape(x, [batch * length, width]), rows);
  });
}

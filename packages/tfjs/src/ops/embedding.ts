import * as tf from '@tensorflow/tfjs-core';
import { gatherRows } from './gather-rows.js';

/**
 * Table lookup: y[i] = table[ids[i]].
 *
 * table [V, H], ids int32 of any shape, each in [0, V); y [...ids, H]. Gradient: as `gatherRows`, dense over the table.
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.reshape(gatherRows(table, tf.reshape(ids, [-1])), [...ids.shape, table.shape[1] as number]));
}

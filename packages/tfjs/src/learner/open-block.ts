import type { Block } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';

/** Every block and branch open with gain 1, without a trainer: the whole network, as it is used once trained. */
export const openBlock: Block<tf.Tensor> = (_name, x, body, ...inputs) => {
  const branch = (_branch: string, at: tf.Tensor, residual: (x: tf.Tensor) => tf.Tensor, after: (sum: tf.Tensor) => tf.Tensor = (sum) => sum): tf.Tensor =>
    after(tf.add(at, residual(at)));
  return tf.tidy(() => body(x, { branch, seed: [0, 0], mode: 'evaluate' }, ...inputs));
};

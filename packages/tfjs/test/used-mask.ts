import * as tf from '@tensorflow/tfjs-core';
import { type DropoutKey, dropout } from '../src/ops/dropout.js';

/** The mask that `dropout` multiplies by on the engine in use: what it makes of ones. */
export function usedMask(size: number, rate: number, { seed, salt }: DropoutKey): Float32Array {
  const masked = tf.tidy(() => dropout(tf.ones([size]), rate, seed, salt));
  const mask = masked.dataSync<'float32'>().slice();
  masked.dispose();
  return mask;
}

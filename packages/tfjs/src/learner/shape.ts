import { HooklineError } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';

/** @throws HooklineError `HOOKLINE_SHAPE` where what a block or a branch answers does not have the shape of what it was given */
export function checkShape(what: string, x: tf.Tensor, y: tf.Tensor): void {
  if (x.shape.length === y.shape?.length && x.shape.every((size, i) => size === y.shape[i])) return;
  throw new HooklineError('HOOKLINE_SHAPE', `${what} answers with a tensor of shape [${y.shape}] to one of shape [${x.shape}]`, {
    hint: 'what may be skipped keeps the shape: leave a layer that changes it outside',
  });
}

import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';

/** @throws HooklineError `HOOKLINE_SHAPE` where what a block or a branch answers does not have the shape of what it was given */
export function checkShape(what: string, x: tf.Tensor, y: tf.Tensor): void {
  if (x.shape.length === y.shape?.length && x.shape.every((size, i) => size === y.shape[i])) return;
  if (!(y instanceof tf.Tensor)) {
    throw new HooklineError('HOOKLINE_SHAPE', `${what} answers with ${Array.isArray(y) ? 'an array' : `a value of type ${typeof y}`}`, {
      hint: 'it must be a tensor',
    });
  }
  throw new HooklineError('HOOKLINE_SHAPE', `${what} answers with a tensor of shape [${y.shape}] to one of shape [${x.shape}]`, {
    hint: 'what may be skipped keeps the shape: leave a layer that changes it outside',
  });
}

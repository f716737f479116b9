import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.js';

/** Key of a dropout: the seed of a block in its step (`scope.seed`), and a salt that tells the dropouts of one block apart. */
export interface DropoutKey {
  readonly seed: readonly [number, number];
  readonly salt: number;
}

/** A 32-bit integer hash of low bias, a bijection (constants: Wellons, "hash-prospector", lowbias32). */
function scramble(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * The mask of a dropout: `size` numbers, each 0 with probability `rate`, else 1/(1 − rate). A pure function of its arguments, the same on every engine:
 * element i is dropped where a 32-bit hash of (seed, salt, i) is below rate·2³². Two key words enter the hash, one before each of its
 * multiplications, so that the masks of two keys are no shifts of each other.
 */
export function dropoutMask(size: number, rate: number, { seed, salt }: DropoutKey): Float32Array {
  if (!(rate >= 0 && rate < 1)) {
    throw new HooklineError('HOOKLINE_RANGE', `a dropout rate of ${rate} is outside [0, 1)`, { hint: 'usual is 0.1' });
  }
  const mask = new Float32Array(size);
  const keep = 1 / (1 - rate);
  const threshold = rate * 2 ** 32;
  const first = scramble(scramble((seed[0] | 0) ^ 0x9e3779b9) + (seed[1] | 0));
  const second = scramble(first ^ scramble((salt | 0) + 0x85ebca6b));
  for (let i = 0; i < size; i++) {
    let h = (i + first) | 0;
    h = (Math.imul(h ^ (h >>> 16), 0x7feb352d) + second) | 0;
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    mask[i] = (h ^ (h >>> 16)) >>> 0 < threshold ? 0 : keep;
  }
  return mask;
}

/**
 * Inverted dropout (Srivastava et al. 2014): y = x·mask, mask 0 with probability `rate` and 1/(1 − rate) otherwise, keyed by (seed, salt).
 *
 * Any shape; rate in [0, 1); rate 0 answers x itself. Gradient: dx = dy·mask.
 */
export function dropout(x: tf.Tensor, rate: number, seed: readonly [number, number], salt = 0): tf.Tensor {
  if (rate === 0) return x;
  return withGradient([x], (save) => {
    const mask = tf.tensor(dropoutMask(x.size, rate, { seed, salt }), x.shape);
    save(mask);
    return { value: tf.mul(x, mask), gradient: (dy, saved) => [tf.mul(dy, saved[0] as tf.Tensor)] };
  });
}

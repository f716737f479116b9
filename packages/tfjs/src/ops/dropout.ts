import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { Refusal } from '../compile/hazards.js';
import { tracing } from '../compile/trace.js';
import { UNIFORM_KERNEL } from '../host-kernels/native.js';
import { hasKernel, runKernel } from '../host-kernels/register.js';
import { withGradient } from './with-gradient.js';

/** Key of a dropout: the seed of a block in its step (`scope.seed`), and a salt that tells the dropouts of one block apart. */
export interface DropoutKey {
  readonly seed: readonly [number, number];
  readonly salt: number;
}

function checkRate(rate: number): void {
  if (!(rate >= 0 && rate < 1)) {
    throw new HooklineError('HOOKLINE_RANGE', `a dropout rate of ${rate} is outside [0, 1)`, { hint: 'usual is 0.1' });
  }
}

/** A 32-bit integer hash of low bias, a bijection (constants: Wellons, "hash-prospector", lowbias32). */
function scramble(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * The mask of a dropout: `size` numbers, each 0 with probability `rate`, else 1/(1 − rate). A pure function of its arguments, the same on every engine but native:
 * element i is dropped where a 32-bit hash of (seed, salt, i) is below rate·2³². Two key words enter the hash, one before each of its
 * multiplications, so that the masks of two keys are no shifts of each other.
 */
export function dropoutMask(size: number, rate: number, { seed, salt }: DropoutKey): Float32Array {
  checkRate(rate);
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

/** Seeds that are held in tensors. */
const held = new WeakMap<readonly [number, number], tf.Tensor>();

/**
 * A dropout's seed whose numbers are in a tensor, int32 [2]: how compiled code gets another seed at each call without being recorded anew. To be
 * handed on, as it is, to `dropout` or `attention`; reading its numbers is refused while a function is recorded.
 */
export function tensorSeed(tensor: tf.Tensor): readonly [number, number] {
  const number = (i: number) => ({
    enumerable: true,
    get: () => {
      if (tracing()) throw new Refusal('the numbers of a dropout seed are read in JavaScript');
      return tensor.dataSync()[i] as number;
    },
  });
  const seed = Object.defineProperties([], { 0: number(0), 1: number(1) }) as unknown as [number, number];
  held.set(seed, tensor);
  return seed;
}

/** How far a salt moves the two words of a seed: odd numbers, so that salts stay apart. */
const strides = [0x632be5ab, 0x3c6ef373] as const;

/**
 * The mask of a dropout as a tensor: on the native engine by TensorFlow's `StatelessRandomUniform` (Philox, Salmon et al. 2011), keyed by the seed
 * moved by the salt; elsewhere `dropoutMask`.
 */
export function maskTensor(shape: readonly number[], rate: number, { seed, salt }: DropoutKey): tf.Tensor {
  if (!hasKernel(UNIFORM_KERNEL)) return tf.tensor(dropoutMask(tf.util.sizeFromShape([...shape]), rate, { seed, salt }), [...shape]);
  checkRate(rate);
  const tensor = held.get(seed);
  if (!tensor && tracing()) throw new Refusal('a dropout has a seed of plain numbers: use the seed of the block’s scope');
  return tf.tidy(() => {
    const words = tensor ?? tf.tensor1d([seed[0] | 0, seed[1] | 0], 'int32');
    const key = tf.add(words, tf.tensor1d([Math.imul(salt, strides[0]), Math.imul(salt, strides[1])], 'int32'));
    const uniform = runKernel(UNIFORM_KERNEL, { seed: key }, { shape: [...shape] });
    return tf.mul(tf.cast(tf.greaterEqual(uniform, rate), 'float32'), 1 / (1 - rate));
  });
}

/**
 * Inverted dropout (Srivastava et al. 2014): y = x·mask, mask 0 with probability `rate` and 1/(1 − rate) otherwise, keyed by (seed, salt).
 *
 * Any shape; rate in [0, 1); rate 0 answers x itself. Gradient: dx = dy·mask.
 */
export function dropout(x: tf.Tensor, rate: number, seed: readonly [number, number], salt = 0): tf.Tensor {
  if (rate === 0) return x;
  return withGradient([x], (save) => {
    const mask = maskTensor(x.shape, rate, { seed, salt });
    save(mask);
    return { value: tf.mul(x, mask), gradient: (dy, saved) => [tf.mul(dy, saved[0] as tf.Tensor)] };
  });
}

import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { type DropoutKey, maskTensor } from './dropout.js';
import { product } from './product.js';
import { withGradient } from './with-gradient.js';

export interface AttentionOptions {
  /** Number of heads A; divides H. */
  readonly heads: number;
  /** [B, S], 1 where a key may be attended to, 0 where not (padding); a row must not be all 0. */
  readonly mask?: tf.Tensor | undefined;
  /** Whether position i attends to positions up to i alone, as in a decoder; default false. */
  readonly causal?: boolean | undefined;
  /** Dropout of the attention probabilities. */
  readonly dropout?: (DropoutKey & { readonly rate: number }) | undefined;
}

/** What a masked key's score is lowered by: its probability is exactly 0 in float32. */
const FAR = 1e9;

/** 0 where column j <= row i, else -FAR; [S, S]. */
function future(length: number): tf.Tensor {
  const places = tf.range(0, length, 1, 'int32');
  return tf.mul(tf.cast(tf.less(tf.reshape(places, [length, 1]), tf.reshape(places, [1, length])), 'float32'), -FAR);
}

/**
 * Scaled dot-product attention over several heads (Vaswani et al. 2017, arXiv:1706.03762): softmax(q·kᵀ/√D + mask)·v, D = H/A.
 *
 * q, k, v [B, S, H]; y [B, S, H], the heads side by side. Gradients, with P the probabilities after the softmax and P̃ after dropout:
 * dv = P̃ᵀ·dy; dP = dropout'(dy·vᵀ); ds = P·(dP − Σ dP·P); dq = ds·k/√D; dk = dsᵀ·q/√D; masks have none.
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, options: AttentionOptions): tf.Tensor {
  const [batch, length, width] = q.shape as [number, number, number];
  const { heads, mask, causal, dropout } = options;
  if (width % heads !== 0) {
    throw new HooklineError('HOOKLINE_SHAPE', `attention: ${heads} heads do not divide a width of ${width}`, {
      hint: 'choose a hidden size that is a multiple of the number of heads',
    });
  }
  const depth = width / heads;
  const scale = 1 / Math.sqrt(depth);
  const split = (x: tf.Tensor) => tf.transpose(tf.reshape(x, [batch, length, heads, depth]), [0, 2, 1, 3]); // [B, A, S, D]
  const join = (x: tf.Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, width]); // [B, S, H]
  return withGradient([q, k, v], (save) => {
    const queries = tf.mul(split(q), scale);
    const keys = split(k);
    const values = split(v);
    const raw = product(queries, keys, false, true); // [B, A, S, S]
    const known = mask ? tf.add(raw, tf.reshape(tf.mul(tf.sub(tf.cast(mask, 'float32'), 1), FAR), [batch, 1, 1, length])) : raw;
    const scores = causal ? tf.add(known, future(length)) : known;
    const p = tf.softmax(scores);
    const thinning = dropout && dropout.rate > 0 ? maskTensor(p.shape, dropout.rate, dropout) : undefined;
    const context = product(thinning ? tf.mul(p, thinning) : p, values); // [B, A, S, D]
    save(queries, keys, values, p, ...(thinning ? [thinning] : []));
    return {
      value: join(context),
      gradient: (dy, saved) => {
        const [queries, keys, values, p, thinning] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
        const dContext = split(dy);
        const dValues = product(thinning ? tf.mul(p, thinning) : p, dContext, true, false);
        const raw = product(dContext, values, false, true); // [B, A, S, S]
        const weighted = tf.mul(thinning ? tf.mul(raw, thinning) : raw, p);
        const dScores = tf.sub(weighted, tf.mul(p, tf.sum(weighted, -1, true)));
        const dQueries = tf.mul(product(dScores, keys), scale);
        const dKeys = product(dScores, queries, true, false); // the scale is in the queries
        return [join(dQueries), join(dKeys), join(dValues)];
      },
    };
  });
}

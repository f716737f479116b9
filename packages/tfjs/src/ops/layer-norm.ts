import * as tf from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.js';
import { withGradient } from './with-gradient.js';

/**
 * Layer normalization (Ba et al. 2016, arXiv:1607.06450) over the last axis: y = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε), σ² the biased variance.
 *
 * x [..., H], gamma [H], beta [H]; y [..., H].
 * Gradients: dx = (dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))/√(σ² + ε) with dx̂ = dy·γ; dγ = Σ dy·x̂; dβ = Σ dy.
 */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  return withGradient([x, gamma, beta], (save) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)); // [..., 1]
    const normal = tf.mul(centred, scale); // [..., H]
    save(normal, scale, gamma);
    return {
      value: tf.add(tf.mul(normal, gamma), beta),
      gradient: (dy, saved) => {
        const [normal, scale, gamma] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const dNormal = tf.mul(dy, gamma);
        const along = tf.mul(normal, tf.mean(tf.mul(dNormal, normal), -1, true));
        const dx = tf.mul(tf.sub(tf.sub(dNormal, tf.mean(dNormal, -1, true)), along), scale);
        return [dx, columnSum(tf.mul(dy, normal)), columnSum(dy)];
      },
    };
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernels } from '../host-kernels/register.js';
import { withGradient } from './with-gradient.js';

/**
 * Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415), the exact form: y = x·Φ(x), Φ(x) = (1 + erf(x/√2))/2.
 *
 * Any shape. Gradient: dx = dy·(Φ(x) + x·φ(x)), φ(x) = exp(−x²/2)/√(2π).
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  return hasKernel('HooklineGelu') ? byKernel(x) : composed(x);
}

function byKernel(x: tf.Tensor): tf.Tensor {
  return withGradient([x], (save) => {
    const [value, slope] = runKernels('HooklineGelu', { x }) as [tf.Tensor, tf.Tensor];
    save(slope);
    return { value, gradient: (dy, saved) => [tf.mul(dy, saved[0] as tf.Tensor)] };
  });
}

function composed(x: tf.Tensor): tf.Tensor {
  return withGradient([x], (save) => {
    const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    save(x, cumulative);
    return {
      value: tf.mul(x, cumulative),
      gradient: (dy, saved) => {
        const [x, cumulative] = saved as [tf.Tensor, tf.Tensor];
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(cumulative, tf.mul(x, density)))];
      },
    };
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from '../host-kernels/register.js';
import { PRODUCT_KERNEL } from '../host-kernels/wasm-product.js';

/**
 * Matrix product a·b over the last two axes, either factor transposed on request: [..., M, K] · [..., K, N] = [..., M, N].
 * The other axes of both must be equal. Has no gradient of its own: for use inside ops that have.
 */
export function product(a: tf.Tensor, b: tf.Tensor, transposeA = false, transposeB = false): tf.Tensor {
  if (!hasKernel(PRODUCT_KERNEL)) return tf.matMul(a, b, transposeA, transposeB);
  return tf.engine().runKernel(PRODUCT_KERNEL, { a, b }, { transposeA, transposeB }) as tf.Tensor;
}

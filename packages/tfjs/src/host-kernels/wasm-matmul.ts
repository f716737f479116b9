import * as tf from '@tensorflow/tfjs-core';
import { afterwards } from '../afterwards.js';
import { PRODUCT_KERNEL } from './wasm-product.js';

let routed = false;
let stock = false;

/** Whether the product kernel computes it: not one plain product, which the backend does as fast unless it is a sum of nothing, and no axis to be repeated. */
function isSlow(a: tf.TensorInfo, b: tf.TensorInfo, transposed: boolean): boolean {
  const batch = a.shape.slice(0, -2);
  const repeats = batch.length !== b.shape.length - 2 || batch.some((size, i) => size !== b.shape[i]);
  const count = tf.util.sizeFromShape(batch);
  const plain = count === 1 && !transposed && !a.shape.includes(0);
  return !(plain || repeats || a.dtype !== 'float32' || b.dtype !== 'float32');
}

/**
 * Lets `tf.matMul` on wasm use the product kernel where the backend's own goes through scalar loops: for transposed factors, as the gradient of every product
 * has, and for batches. Models of other people's code, those of `tf.layers` among them, then train several times as fast.
 */
export function routeMatMul(): void {
  if (routed) return;
  routed = true;
  const kernel = tf.getKernel(tf.BatchMatMul, 'wasm');
  const own = kernel.kernelFunc;
  const product = tf.getKernel(PRODUCT_KERNEL, 'wasm').kernelFunc;
  kernel.kernelFunc = (call) => {
    const [a, b] = [call.inputs['a'] as tf.TensorInfo, call.inputs['b'] as tf.TensorInfo];
    const { transposeA, transposeB } = call.attrs as unknown as tf.BatchMatMulAttrs;
    return stock || !isSlow(a, b, transposeA || transposeB) ? own(call) : product(call);
  };
}

/** Calls `f`, and where it is asynchronous waits for it, with the wasm backend's own `tf.matMul`, as it is without this package: the yardstick of benchmarks. */
export function withStockMatMul<R>(f: () => R): R {
  const before = stock;
  stock = true;
  return afterwards(f, () => {
    stock = before;
  });
}

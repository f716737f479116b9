import * as tf from '@tensorflow/tfjs-core';
import type { HostArray } from './register.js';
import { PRODUCT_KERNEL } from './wasm-product.js';

interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): HostArray;
}

/** Fills a [N, C] with the pixels of x that the place (row, column) of the filter meets, for each of the N places of the output; 0 beyond the edge. */
function pick(x: HostArray, a: HostArray, row: number, column: number, info: tf.backend_util.Conv2DInfo): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  let to = 0;
  for (let b = 0; b < batchSize; b++) {
    for (let i = 0; i < outHeight; i++) {
      const h = i * strideHeight + row - padInfo.top;
      for (let j = 0; j < outWidth; j++, to += inChannels) {
        const w = j * strideWidth + column - padInfo.left;
        const inside = h >= 0 && h < inHeight && w >= 0 && w < inWidth;
        const from = ((b * inHeight + h) * inWidth + w) * inChannels;
        for (let c = 0; c < inChannels; c++) a[to + c] = inside ? (x[from + c] as number) : 0;
      }
    }
  }
}

/**
 * The gradient of a convolution by its filter, which the wasm backend lacks: without it no convolution trains there. For each place of the filter a product of
 * the pixels that it meets and dy: dw[r, s] = x[r, s]ᵀ·dy, x [N, C], dy [N, D], N = batch·rows·columns of the output; dw [R, S, C, D].
 */
export function registerWasmConvolution(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, 'wasm')) return;
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
      const backend = anyBackend as WasmBackend;
      const [x, dy] = [inputs['x'] as tf.TensorInfo, inputs['dy'] as tf.TensorInfo];
      const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as tf.Conv2DBackpropFilterAttrs;
      const info = tf.backend_util.computeConv2DInfo(x.shape as [number, number, number, number], filterShape, strides, 1, pad, dimRoundingMode);
      const { filterHeight, filterWidth, inChannels, outChannels } = info;
      const places = info.batchSize * info.outHeight * info.outWidth;
      const rows = { dataId: dy.dataId, shape: [places, outChannels], dtype: dy.dtype };
      const product = tf.getKernel(PRODUCT_KERNEL, 'wasm').kernelFunc;
      const dw = backend.makeOutput(filterShape, 'float32');
      const a = backend.makeOutput([places, inChannels], 'float32');
      for (let place = 0; place < filterHeight * filterWidth; place++) {
        pick(backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(a), Math.floor(place / filterWidth), place % filterWidth, info);
        const part = product({ inputs: { a, b: rows }, attrs: { transposeA: true, transposeB: false }, backend }) as tf.TensorInfo;
        backend.typedArrayFromHeap(dw).set(backend.typedArrayFromHeap(part), place * inChannels * outChannels);
        backend.disposeData(part.dataId);
      }
      backend.disposeData(a.dataId);
      return dw;
    },
  });
}

import { columnSumKernel } from './column-sum.js';
import { geluKernel } from './gelu.js';
import { registerHostKernels } from './register.js';
import { gatherRowsKernel, scatterRowsKernel, unsortedSegmentSumKernel } from './rows.js';
import { registerWasmConvolution } from './wasm-convolution.js';
import { shareIdentities } from './wasm-identity.js';
import { routeMatMul } from './wasm-matmul.js';
import { registerWasmProduct } from './wasm-product.js';
import { guardTranspose } from './wasm-transpose.js';

export { completeNative } from './native.js';
export { withStockMatMul } from './wasm-matmul.js';

const kernels = [geluKernel, gatherRowsKernel, scatterRowsKernel, columnSumKernel];

/** Gives the wasm backend, once its package is loaded, the kernels that it lacks or is slow at. */
export function completeWasm(): void {
  registerHostKernels('wasm', [...kernels, unsortedSegmentSumKernel]);
  registerWasmProduct();
  routeMatMul();
  registerWasmConvolution();
  shareIdentities();
  guardTranspose();
}

/** Gives the cpu backend, once its package is loaded, faster forms of what the composite ops need. */
export function completeCpu(): void {
  registerHostKernels('cpu', kernels);
}

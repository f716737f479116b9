export * from './engines/index.js';
export { countKernels, type KernelCounts, kernelCounts } from './kernels.js';
export * from './ops/index.js';

export * from './compile/index.js';
export * from './engines/index.js';
export { countKernels, type KernelCounts, kernelCounts } from './kernels.js';
export * from './layers/index.js';
export * from './learner/index.js';
export * from './ops/index.js';
export * from './optimizers/index.js';

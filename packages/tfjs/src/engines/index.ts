export { withStockMatMul } from '../host-kernels/index.js';
export { checkSingleCopy } from './copies.js';
export type { Engine, EngineName, EngineOptions } from './engine.js';
export { loadEngine } from './load-engine.js';

export type { AdamWStep } from './adamw.js';
export type { LambStep } from './lamb.js';
export { biasOrLayerNorm, type OptimizerOptions, optimizerOptions } from './options.js';
export { type ParameterTensors, registerUpdateOps, type Updated, type UpdateOps } from './update-ops.js';

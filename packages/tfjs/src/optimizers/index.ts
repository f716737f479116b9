export type { AdamWStep } from './adamw.js';
export type { LambStep } from './lamb.js';
export { biasOrLayerNorm, type OptimizerOptions, optimizerOptions } from './options.js';
export { type ParameterOps, type ParameterTensors, registerParameterOps, type Updated } from './parameter-ops.js';

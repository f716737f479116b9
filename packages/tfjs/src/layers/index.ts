export type { ChosenBlock, ResidualBlockOptions } from './choose.js';
export type { ClassWeightOption, ClassWeights } from './class-weights.js';
export { type GatedModel, gatedModel, type Outside, type PassOptions } from './gated-model.js';
export { type GatingOptions, gatingCallback } from './gating-callback.js';
export { type LayersData, type LayersLearnerOptions, layersLearner } from './layers-learner.js';
export { type ResidualBlock, residualBlocks } from './residual-blocks.js';
export { type LayerWeight, layerWeights } from './weights.js';

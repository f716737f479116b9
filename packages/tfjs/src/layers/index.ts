export { type GatedModel, gatedModel } from './gated-model.js';
export { type ResidualBlock, type ResidualBlockOptions, residualBlocks } from './residual-blocks.js';
export { type LayerWeight, layerWeights } from './weights.js';

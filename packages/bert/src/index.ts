export { type BertConfig, type BertConfigOptions, type BertSize, bertConfig, bertConfigOptions, bertSizes } from './model/config.js';
export { flopsPerStep, type StepFlops, type StepShape } from './model/flops.js';
export { bertWeights, fromHubConfig, toHubConfig, type WeightsOptions } from './model/hugging-face.js';
export { type InitializeOptions, initializeBert, logUnigram } from './model/initialize.js';
export { type BertHeads, bertBlocks, noWeightDecay, parameterCount, parameterShapes } from './model/parameters.js';
export type { PretrainingBatch } from './pretraining/batch.js';

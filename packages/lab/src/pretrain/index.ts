export { type CompleteConfig, type PretrainConfig, type PretrainInput, pretrainConfig, pretrainJsonSchema } from './config.js';
export { planLines, type RunPlan } from './dry-run.js';
export { parseDuration } from './duration.js';
export { readRunConfig, requireFresh, runFiles, runPath } from './files.js';
export { dryRun, type PretrainOptions, type PretrainResult, pretrain, resumePretraining } from './pretrain.js';

export { type FinetuneConfig, finetuneConfig, finetuneJsonSchema } from './config.js';
export { type FinetuneOptions, type FinetuneResult, finetune, resumeFinetuning } from './finetune.js';
export { type Evaluated, evaluateRuns, predictSet, predictText, type TextPrediction, type Written } from './predict.js';
export { seedsTable } from './report.js';

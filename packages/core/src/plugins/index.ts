export { accumulateGradients } from './accumulate-gradients.js';
export { checkpoints } from './checkpoints.js';
export { blockGroups, clipFactor, clipGradients, clipPerBlock } from './clip-gradients.js';
export { earlyStopping, patienceAfter } from './early-stopping.js';
export { evaluateEvery } from './evaluate-every.js';
export { learningRate, linearWarmup } from './learning-rate.js';
export { isDue, lengthInSteps, lengthSchema, periodInSteps, positiveLengthSchema } from './length.js';
export { type RateOptions, rateAt } from './rate.js';
export { averagingDecay, weightAveraging } from './weight-averaging.js';

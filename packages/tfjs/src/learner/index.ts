export { tensorAlgebra } from './algebra.js';
export { type ObjectiveContext, type TensorLearnerOptions, tensorLearner } from './learner.js';
export { createParameters, type Parameters } from './parameters.js';

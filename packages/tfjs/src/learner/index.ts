export { tensorAlgebra } from './algebra.js';
export { type ForwardContext, type FunctionLearnerOptions, functionLearner } from './function-learner.js';
export { type ObjectiveContext, type TensorLearnerOptions, tensorLearner } from './learner.js';
export { accuracy, type LossName } from './losses.js';
export { openBlock } from './open-block.js';
export { createParameters, type InitialParameters, type Parameters, parametersFrom } from './parameters.js';
export { type Examples, type TensorRows, tensorRows } from './tensor-rows.js';

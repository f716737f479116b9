export { type Dropping, equalBlocks, grownBlocks, makeDropping, marginalsAt, type RunShape, thetaAt } from './dropping.js';
export { enumeratedMarginals, forcedProbabilities, independentMarginals, type Marginals, raiseToFloor } from './floor.js';
export { type LayerDropOptions, layerDrop, layerDropAsPld, layerDropOptions } from './layer-drop.js';
export { type PldOptions, pldOptions } from './options.js';
export { type DroppingPlan, expectedGates, type PlanAt, planGates, planOf } from './plan.js';
export {
  type Convention,
  type DepthOptions,
  depthShares,
  keepProbabilities,
  type Profile,
  type ProfileFunction,
  residualScales,
  type Shares,
} from './profile.js';
export { progressiveLayerDropping } from './progressive-layer-dropping.js';
export { activeMoments, bernoulli, type Draw, type Pattern, type Sampling, systematic, systematicPatterns } from './sampling.js';
export { expectedSaving, matchedDropping, type SavingRun, savedAt, savedOver } from './saving.js';
export { type Scaling, scalingOf } from './scaling.js';
export { decay, type Schedule, type Shape, type ThetaAt, type ThetaFunction, theta } from './schedule.js';
export { type StochasticDepthOptions, stochasticDepth, stochasticDepthAsPld, stochasticDepthOptions } from './stochastic-depth.js';
export { type Draws, formatTraceLine, type GateTrace, parseTrace, recordGates, replayGates, traceLineSchema, traceOfDraws } from './trace.js';

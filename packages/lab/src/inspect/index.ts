export { type FillMaskOptions, fillMask, type Guess } from './fill-mask.js';
export { type CheckpointInspection, type CheckpointLine, inspect, type RunInspection } from './inspect.js';

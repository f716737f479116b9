export { type ComparedRun, compareRuns, distinctNames, readRuns } from './compare.js';
export { atEqual, lossAt } from './equal.js';
export type { RunOrigin } from './origin.js';

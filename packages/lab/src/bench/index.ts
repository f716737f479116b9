export type { TrainingShape } from '../shape.js';
export { type ClockName, type Contender, type InterleaveOptions, interleaved, quantile, type Timing } from './interleave.js';
export { type BenchMachine, benchMachine } from './machine.js';
export type { BenchOptions } from './options.js';
export { type BenchSaving, benchSaving, type SavingOfDrops } from './saving.js';
export { benchShape, randomBatches } from './shape.js';
export { type BenchStep, type BenchStepOptions, benchStep, type StepFloor, type StepRatio } from './step.js';
export { type StockBert, type StockOptions, stockBert } from './stock-bert.js';
export { benchLines } from './table.js';

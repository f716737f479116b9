export { type ClockName, type Contender, type InterleaveOptions, interleaved, quantile, type Timing } from './interleave.js';
export { type BenchMachine, benchMachine } from './machine.js';
export { type BenchSaving, type BenchSavingOptions, benchSaving } from './saving.js';
export { type BenchShape, benchShape, randomBatches } from './shape.js';
export { type BenchStep, type BenchStepOptions, benchStep, type StepRatio } from './step.js';
export { type StockBert, type StockOptions, stockBert } from './stock-bert.js';
export { benchLines } from './table.js';

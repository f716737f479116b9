export { type CompileOptions, compile, freeCompiled, setCompiling } from './compile.js';
export { type OpTime, timeOps } from './op-times.js';
export { callCompiled, freeOwned } from './owned.js';
export { onReplay, type ReplayTime } from './replay-times.js';
export {
  type CompileStatistics,
  compileStatistics,
  describeCompiled,
  type FunctionStatistics,
  type RecordingStatistics,
  summarizeCompiled,
} from './statistics.js';

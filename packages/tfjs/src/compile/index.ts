export { type CompileOptions, compile, freeCompiled, setCompiling } from './compile.js';
export { callCompiled, freeOwned } from './owned.js';
export {
  type CompileStatistics,
  compileStatistics,
  describeCompiled,
  type FunctionStatistics,
  type RecordingStatistics,
  summarizeCompiled,
} from './statistics.js';

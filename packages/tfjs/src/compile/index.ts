export { type CompileOptions, compile, freeCompiled } from './compile.js';
export { type CompileStatistics, compileStatistics, describeCompiled, type FunctionStatistics, type RecordingStatistics } from './statistics.js';

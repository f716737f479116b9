export type { Check } from './check.js';
export { type LearnerConformanceOptions, learnerConformance } from './learner-conformance.js';
export { type PluginClaim, type PluginConformanceOptions, pluginConformance } from './plugin-conformance.js';
export { type ResidualMlpOptions, residualMlp } from './residual-mlp.js';
export { type ResumeConformanceOptions, type ResumeConformanceReport, resumeConformance } from './resume-conformance.js';
export type { Rows } from './rows.js';
export type { OperationCounts, Vec } from './tape.js';

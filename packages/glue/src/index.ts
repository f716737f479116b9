export { type TaskScore, taskScore } from './metrics/metrics.js';
export { type BootstrapOptions, bootstrapInterval, type Interval } from './statistics/bootstrap.js';
export { bootstrapFrom, comparePaired, type PairedComparison } from './statistics/paired.js';
export { compareSpread, type SpreadTest, spreadNeeds } from './statistics/spread.js';
export { type Summary, summarize } from './statistics/summary.js';
export { type WelchTest, welchLower } from './statistics/welch.js';
export type { GlueSplit, GlueTask, GlueTaskName, SplitLayout, SubmissionFile } from './tasks/glue-task.js';
export { glueTask, glueTasks, splitLayout } from './tasks/glue-tasks.js';
export type { Example, LabelledSet, MetricName, Target, TextTask } from './tasks/task.js';

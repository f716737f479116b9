export type { GlueSplit, GlueTask, GlueTaskName, SplitLayout, SubmissionFile } from './tasks/glue-task.js';
export { glueTask, glueTasks, splitLayout } from './tasks/glue-tasks.js';
export type { Example, LabelledSet, MetricName, Target, TextTask } from './tasks/task.js';

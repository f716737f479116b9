export const metricNames = ['accuracy', 'f1', 'matthews', 'pearson', 'spearman'] as const;

/** How a set of predictions is judged; for all of them more is better. */
export type MetricName = (typeof metricNames)[number];

/** What is to be predicted for an example. */
export type Target =
  /** One of these classes; a label is an index into `labels`. */
  | { readonly kind: 'classes'; readonly labels: readonly string[] }
  /** A number, in the closed range where there is one. */
  | { readonly kind: 'number'; readonly range?: readonly [least: number, most: number] };

/** A task on single texts or on pairs of texts: one of GLUE's, or a user's own. */
export interface TextTask {
  readonly name: string;
  /** Texts of an example. */
  readonly texts: 1 | 2;
  readonly target: Target;
  /** The score of a task is the mean of its metrics. */
  readonly metrics: readonly MetricName[];
}

/** An example to learn from, or to predict. */
export interface Example {
  /** Row of the set from 0, counted before any row is left out: the index that a submission names. */
  readonly index: number;
  readonly texts: readonly [string] | readonly [string, string];
  /** Index of the class, or the number; undefined in test sets, whose labels are kept back. */
  readonly label: number | undefined;
}

/** Examples of one task, in the order of their file; addressed by position. */
export interface LabelledSet {
  /** Where they come from: the path of a file or of a folder of shards. */
  readonly source: string;
  readonly task: TextTask;
  readonly examples: readonly Example[];
  /** What was left out, each a sentence with counts and the first line; empty where nothing was. */
  readonly warnings: readonly string[];
}

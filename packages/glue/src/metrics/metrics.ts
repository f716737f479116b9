import { didYouMean, HooklineError } from '@hookline/core';
import type { MetricName } from '../tasks/task.js';
import { accuracy, f1, matthews } from './classification.js';
import { pearson, spearman } from './correlation.js';

const functions: Readonly<Record<MetricName, (predictions: readonly number[], labels: readonly number[]) => number>> = {
  accuracy,
  f1,
  matthews,
  pearson,
  spearman,
};

/** Metrics by name, and the task's `score`, their mean; NaN where a correlation does not exist. */
export type TaskScore = Readonly<Partial<Record<MetricName, number>>> & { readonly score: number };

/**
 * Judges predictions by a task's metrics, which come in the units of scikit-learn and scipy: shares and correlations, no percents.
 * @param predictions class indices, or numbers for a task on numbers
 * @param labels as many
 * @throws HooklineError `HOOKLINE_METRIC` without examples or metrics, for a metric that there is not, or where predictions and labels differ in number
 */
export function taskScore(names: readonly MetricName[], predictions: readonly number[], labels: readonly number[]): TaskScore {
  if (predictions.length !== labels.length)
    throw new HooklineError('HOOKLINE_METRIC', `${predictions.length} predictions cannot be compared with ${labels.length} labels`);
  if (labels.length === 0 || names.length === 0) throw new HooklineError('HOOKLINE_METRIC', 'there is nothing to judge: no examples or no metrics');
  const strange = names.find((name) => !Object.hasOwn(functions, name));
  if (strange !== undefined)
    throw new HooklineError('HOOKLINE_METRIC', `there is no metric '${strange}'`, { hint: didYouMean(strange, Object.keys(functions)) });
  const values = names.map((name) => [name, functions[name](predictions, labels)] as const);
  return { ...Object.fromEntries(values), score: values.reduce((sum, [, value]) => sum + value, 0) / values.length };
}

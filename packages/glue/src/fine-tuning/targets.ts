import { HooklineError } from '@hookline/core';
import type { Target } from '../tasks/task.js';

export interface TargetOptions {
  /** Share of a row's target that is spread evenly over all classes (Szegedy et al. 2016); default 0. */
  readonly labelSmoothing?: number;
  /** Weight of each class by its index; default 1. */
  readonly classWeights?: readonly number[];
}

/** What a row is to be, and how much it counts. */
export interface RowTarget {
  /** Shares of the classes, or the one number. */
  readonly values: readonly number[];
  readonly weight: number;
}

/**
 * The target of a label. With classes, smoothing e and class weights w it is, of C classes, (1 − e)·w[label] at the label and e·w[c]/C everywhere, and counts
 * w[label]: what `torch.nn.functional.cross_entropy(logits, labels, weight=w, label_smoothing=e)` averages.
 */
export function rowTarget(label: number, target: Target, { labelSmoothing = 0, classWeights }: TargetOptions = {}): RowTarget {
  if (target.kind === 'number') return { values: [label], weight: 1 };
  const count = target.labels.length;
  const weightOf = (c: number): number => classWeights?.[c] ?? 1;
  const spread = Array.from({ length: count }, (_, c) => (labelSmoothing * weightOf(c)) / count + (c === label ? (1 - labelSmoothing) * weightOf(c) : 0));
  return { values: spread, weight: weightOf(label) };
}

/**
 * Weights that make every class count the same: n / (C·n_c), scikit-learn's `balanced`.
 * @throws HooklineError `HOOKLINE_LABELS` where a class has no example
 */
export function balancedWeights(labels: readonly number[], names: readonly string[]): readonly number[] {
  const counts = names.map((_, c) => labels.filter((label) => label === c).length);
  const none = counts.indexOf(0);
  if (none >= 0) {
    throw new HooklineError('HOOKLINE_LABELS', `classes cannot be balanced: no example has the label '${names[none]}'`, {
      hint: 'give weights for the classes, or leave them out',
    });
  }
  return counts.map((count) => labels.length / (names.length * count));
}

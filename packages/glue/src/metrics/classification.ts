/**
 * Metrics of classes, as scikit-learn computes them. Predictions and labels are class indices of equal length, at least one;
 * `metrics` checks both.
 */

/** The share of predictions that are right. */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  return labels.filter((label, i) => label === predictions[i]).length / labels.length;
}

/** Binary F1 with class 1 as the positive one, 2 tp / (2 tp + fp + fn); 0 where nothing is positive (`zero_division=0`). */
export function f1(predictions: readonly number[], labels: readonly number[]): number {
  let both = 0;
  let either = 0;
  for (const [i, label] of labels.entries()) {
    const [actual, predicted] = [label === 1 ? 1 : 0, predictions[i] === 1 ? 1 : 0];
    both += actual * predicted;
    either += actual + predicted;
  }
  return either === 0 ? 0 : (2 * both) / either;
}

/**
 * Matthews' correlation for any number of classes (Gorodkin 2004, R_K): with s examples, c of them right, and p_k predictions and
 * t_k labels of class k, (c s − Σ p_k t_k) / √((s² − Σ p_k²)(s² − Σ t_k²)); 0 on a zero denominator.
 */
export function matthews(predictions: readonly number[], labels: readonly number[]): number {
  const predicted = counts(predictions);
  const actual = counts(labels);
  const right = labels.filter((label, i) => label === predictions[i]).length;
  const total = labels.length;
  const dot = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number => [...a].reduce((sum, [k, n]) => sum + n * (b.get(k) ?? 0), 0);
  const denominator = Math.sqrt((total ** 2 - dot(predicted, predicted)) * (total ** 2 - dot(actual, actual)));
  return denominator === 0 ? 0 : (right * total - dot(predicted, actual)) / denominator;
}

function counts(classes: readonly number[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const k of classes) found.set(k, (found.get(k) ?? 0) + 1);
  return found;
}

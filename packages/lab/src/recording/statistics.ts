/** A mean with its standard error; the error is NaN where one value alone cannot tell. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean of paired differences `a − b` with its standard error: what two models' losses on the same held-out batches differ by. */
export function pairedDifference(a: readonly number[], b: readonly number[]): Estimate {
  const differences = a.slice(0, b.length).map((value, i) => value - b[i]!);
  const center = mean(differences);
  const squares = differences.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return { mean: center, standardError: Math.sqrt(squares / (differences.length - 1) / differences.length) };
}

/**
 * The ratio of two totals, Σa / Σb, of measurements taken in turns, with the standard error of the ratio estimator
 * (Cochran, Sampling Techniques, 1977, eq. 6.13): times of two models trained in alternating chunks.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): Estimate {
  const n = Math.min(a.length, b.length);
  const [first, second] = [a.slice(0, n), b.slice(0, n)];
  const ratio = mean(first) / mean(second);
  const squares = first.reduce((sum, value, i) => sum + (value - ratio * second[i]!) ** 2, 0);
  return { mean: ratio, standardError: Math.sqrt(squares / (n - 1) / n) / mean(second) };
}

/** Sums of consecutive groups of `size` values; a last group that is not full is left out, unless there is no other. */
export function chunkSums(values: readonly number[], size: number): readonly number[] {
  const full = Math.floor(values.length / size);
  const sum = (part: readonly number[]): number => part.reduce((total, value) => total + value, 0);
  if (full === 0) return values.length === 0 ? [] : [sum(values)];
  return Array.from({ length: full }, (_, i) => sum(values.slice(i * size, (i + 1) * size)));
}

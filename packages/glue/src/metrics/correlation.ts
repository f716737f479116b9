import { mean } from '../statistics/summary.js';

/** Correlations of predicted with actual numbers, as scipy.stats computes them. */

/**
 * Pearson's correlation, in [-1, 1]; NaN where one side is constant, has a NaN or an infinity, or fewer than two values.
 * The constant is told by equality, as in scipy, and not by a variance that rounding may keep from 0.
 */
export function pearson(x: readonly number[], y: readonly number[]): number {
  if (isConstant(x) || isConstant(y)) return Number.NaN;
  const [dx, dy] = [deviations(x), deviations(y)];
  return Math.max(-1, Math.min(1, dot(dx, dy) / Math.sqrt(dot(dx, dx) * dot(dy, dy))));
}

/** Spearman's correlation: Pearson's of the ranks, ties sharing the mean of theirs. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  if ([...x, ...y].some(Number.isNaN)) return Number.NaN;
  return pearson(ranks(x), ranks(y));
}

/** Ranks from 1; equal values share the mean of their ranks, -0 and 0 are equal. */
export function ranks(values: readonly number[]): readonly number[] {
  const order = Array.from(values.keys()).sort((i, j) => values[i]! - values[j]! || 0);
  const out = new Array<number>(values.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && values[order[end]!] === values[order[begin]!]) end++;
    for (const i of order.slice(begin, end)) out[i] = (begin + 1 + end) / 2;
    begin = end;
  }
  return out;
}

/** Also of one value, and of none. */
const isConstant = (x: readonly number[]): boolean => x.every((value) => value === x[0]);

/** From the mean, scaled by the largest, so that squares neither overflow nor vanish. */
function deviations(x: readonly number[]): readonly number[] {
  const center = mean(x);
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value - center)), 0);
  return x.map((value) => (value - center) / largest);
}

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);

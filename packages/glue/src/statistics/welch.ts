import { HooklineError } from '@hookline/core';
import tCdf from '@stdlib/stats-base-dists-t-cdf';
import { mean, requireScores, variance } from './summary.js';

export interface WelchTest {
  readonly t: number;
  /** Welch and Satterthwaite's. */
  readonly degreesOfFreedom: number;
  /** The probability of a mean at least so much lower, were there no difference; NaN where neither side varies and both are equal. */
  readonly p: number;
}

/**
 * Welch's test of whether the mean behind `x` is lower than that behind `y`, one-sided, unequal variances
 * (scipy: `ttest_ind(x, y, equal_var=False, alternative='less')`).
 * @throws HooklineError `HOOKLINE_SEEDS` with fewer than two values on a side, or one that is not finite
 */
export function welchLower(x: readonly number[], y: readonly number[]): WelchTest {
  if (x.length < 2 || y.length < 2)
    throw new HooklineError('HOOKLINE_SEEDS', `Welch's test needs two scores on each side, and has ${x.length} and ${y.length}`);
  for (const scores of [x, y]) requireScores(scores);
  const [vx, vy] = [variance(x) / x.length, variance(y) / y.length];
  const t = (mean(x) - mean(y)) / Math.sqrt(vx + vy);
  if (vx + vy === 0) return { t, degreesOfFreedom: Number.NaN, p: t < 0 ? 0 : t > 0 ? 1 : Number.NaN };
  const degreesOfFreedom = (vx + vy) ** 2 / (vx ** 2 / (x.length - 1) + vy ** 2 / (y.length - 1));
  return { t, degreesOfFreedom, p: tCdf(t, degreesOfFreedom) };
}

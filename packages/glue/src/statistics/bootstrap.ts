import { uniform } from '@hookline/core';
import { mean } from './summary.js';

export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  /** Share of the resampled means inside; default 0.95. */
  readonly level?: number;
  /** Of the draws, which are keyed: the same seed gives the same interval; default 0. */
  readonly seed?: number;
  /** Default 10 000. */
  readonly resamples?: number;
}

/**
 * The percentile bootstrap interval of a mean (Efron 1979). It lies within the values' range, and is somewhat narrow for few of them:
 * with eight normal ones, some 89 % where 95 % is said.
 */
export function bootstrapInterval(values: readonly number[], { level = 0.95, seed = 0, resamples = 10_000 }: BootstrapOptions = {}): Interval {
  const means = Array.from({ length: resamples }, (_, resample) =>
    mean(values.map((_, i) => values[Math.floor(uniform(seed, 'bootstrap', resample, i) * values.length)]!)),
  ).sort((a, b) => a - b);
  return [quantile(means, (1 - level) / 2), quantile(means, (1 + level) / 2)];
}

/** Between the two nearest of sorted values, linearly: numpy's default. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

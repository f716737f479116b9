import { HooklineError } from '@hookline/core';
import tQuantile from '@stdlib/stats-base-dists-t-quantile';
import { type BootstrapOptions, bootstrapInterval, type Interval, parseInterval } from './bootstrap.js';
import { requireScores, type Summary, summarize } from './summary.js';

/** From so many seeds on an interval is a bootstrap's, below it is Student's. */
export const bootstrapFrom = 8;

/** What one setting gains over another, seed by seed. */
export interface PairedComparison {
  /** Of the differences `a - b`, all of which are in `values`. */
  readonly difference: Summary;
  readonly method: 'paired t' | 'bootstrap';
  readonly level: number;
  /** Of the mean difference; undefined for one seed, which cannot tell. */
  readonly interval: Interval | undefined;
}

/**
 * Compares two settings that were run with the same seeds: the mean difference with its interval, paired t below eight seeds, percentile
 * bootstrap from eight on.
 * @throws HooklineError `HOOKLINE_SEEDS` where they differ in number, there are none, or one is not finite; `HOOKLINE_OPTIONS`
 */
export function comparePaired(a: readonly number[], b: readonly number[], options: BootstrapOptions = {}): PairedComparison {
  if (a.length !== b.length)
    throw new HooklineError('HOOKLINE_SEEDS', `${a.length} scores cannot be paired with ${b.length}`, { hint: 'run both settings with the same seeds' });
  const { level } = parseInterval(options);
  for (const scores of [a, b]) requireScores(scores);
  const difference = summarize(a.map((value, i) => value - b[i]!));
  if (difference.n >= bootstrapFrom) return { difference, method: 'bootstrap', level, interval: bootstrapInterval(difference.values, options) };
  return { difference, method: 'paired t', level, interval: difference.n < 2 ? undefined : tInterval(difference, level) };
}

function tInterval({ mean, sd, n }: Summary, level: number): Interval {
  const half = (tQuantile((1 + level) / 2, n - 1) * sd) / Math.sqrt(n);
  return [mean - half, mean + half];
}

import * as z from 'zod';
import type { Monitor, Retention } from '../trainer-types.js';
import type { Scalars } from '../values.js';

/** Options that say which metric to watch. */
export const monitorSchema = z.strictObject({
  /** Name of the evaluation set. */
  set: z.string().min(1),
  metric: z.string().min(1),
  mode: z.enum(['min', 'max']),
});

/** Options of retention: `keep` the newest so many (default: all), and the `best` by a metric. */
export const retentionSchema = z.strictObject({ keep: z.int().positive().exactOptional(), best: monitorSchema.exactOptional() });

/** The best value so far, as plugins keep it in their state; null before the first. */
export const bestSchema = z
  .number()
  .or(z.literal([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]))
  .nullable();

/** Whether a value is better than the best so far; NaN never is, anything else beats nothing. */
export function isBetter(mode: Monitor['mode'], value: number, best: number | null, minDelta = 0): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  return mode === 'min' ? value < best - minDelta : value > best + minDelta;
}

/** A checkpoint as retention sees it. */
export interface Saved {
  readonly name: string;
  /** Greater is newer. */
  readonly sequence: number;
  readonly metrics: Readonly<Record<string, Scalars>>;
}

/** The best by a metric, the oldest among equals (a later one may carry an earlier evaluation's value); undefined where none has the metric. */
export function bestOf<S extends Saved>(saved: readonly S[], { set, metric, mode }: Monitor): S | undefined {
  let best: S | undefined;
  let value: number | null = null;
  for (const one of [...saved].sort((a, b) => a.sequence - b.sequence)) {
    const own = one.metrics[set]?.[metric];
    if (own === undefined || !isBetter(mode, own, value)) continue;
    best = one;
    value = own;
  }
  return best;
}

/** Those that need not be kept: neither among the newest `keep` nor the best. None without `keep`. */
export function expendable<S extends Saved>(saved: readonly S[], { keep, best }: Retention): readonly S[] {
  if (keep === undefined) return [];
  const kept = best && bestOf(saved, best);
  return [...saved].sort((a, b) => b.sequence - a.sequence).filter((one, place) => place >= keep && one !== kept);
}

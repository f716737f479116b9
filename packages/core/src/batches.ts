import type { Data } from './learner.js';
import type { Counts } from './values.js';

/** The micro-batches of a step, and the items of each objective over all of them. */
export interface StepBatches<B> {
  readonly batches: readonly B[];
  readonly denominators: Counts;
}

/** Item counts of several batches, summed by objective. Data-parallel training sums them over ranks as well, here. */
export function sumCounts(counts: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const one of counts) for (const [objective, items] of Object.entries(one)) sum[objective] = (sum[objective] ?? 0) + items;
  return Object.freeze(sum);
}

/**
 * The batches at `position`, `position + 1`, … for one step. Losses are divided once, by the counts of the whole step:
 * the mean of the micro-batches' means is another loss where they hold different numbers of items.
 */
export async function takeBatches<B>(data: Data<B>, position: number, accumulation: number): Promise<StepBatches<B>> {
  const batches: B[] = [];
  for (let micro = 0; micro < accumulation; micro++) batches.push(await data.batch(position + micro));
  return { batches, denominators: sumCounts(batches.map((batch) => data.counts(batch))) };
}

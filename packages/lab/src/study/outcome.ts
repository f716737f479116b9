import type { Scalars } from '@hookline/core';
import * as z from 'zod';

/** What became of a cell, as its `result.json` says. */
export const outcomeSchema = z.strictObject({
  /** After the last epoch, on the task's first evaluation set; null where the metric does not exist. */
  score: z.number().nullable(),
  /** The best at any epoch, chosen on the same set. */
  best: z.number().nullable(),
  metrics: z.record(z.string(), z.number().nullable()),
  failed: z.boolean(),
  /** What the run said where it broke off at a number that was not finite; it has no score then, and its time and memory compare with nobody's. */
  brokeOff: z.string().exactOptional(),
  /** Wall-clock of training, evaluation included; null where it broke off. */
  seconds: z.number().nullable(),
  /** Processor seconds of the same, over all threads: other programs do not lengthen them. */
  processorSeconds: z.number().exactOptional(),
  /** The most memory that the process held, in bytes, by the kernel's count; null where it broke off. */
  peakMemory: z.number().nullable(),
  /** Runs that shared the machine, itself included: times compare at one number alone. */
  jobs: z.int().min(1),
  /** Digests of the checkpoint and of the data that it was made of. */
  sources: z.strictObject({ checkpoint: z.string(), data: z.string() }).exactOptional(),
});
export type Outcome = z.output<typeof outcomeSchema>;
export type Sources = NonNullable<Outcome['sources']>;

/**
 * Whether a run came to nothing: accuracy at most the majority class's share, Matthews at most 0, or Pearson absent or below 0.1. Any of a task's metrics
 * that says so counts.
 * @param majority share of the commonest class in the set; of a task on numbers irrelevant
 */
export function hasFailed(metrics: Readonly<Record<string, number | null>> | Scalars, majority: number): boolean {
  const value = (name: string): number | undefined => (name in metrics ? (metrics[name] ?? Number.NaN) : undefined);
  const [accuracy, matthews, pearson] = [value('accuracy'), value('matthews'), value('pearson')];
  return (accuracy !== undefined && !(accuracy > majority)) || (matthews !== undefined && !(matthews > 0)) || (pearson !== undefined && !(pearson >= 0.1));
}

/** Share of the commonest label. */
export function majorityShare(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / labels.length;
}

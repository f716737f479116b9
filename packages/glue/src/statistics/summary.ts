import { HooklineError } from '@hookline/core';

/** Scores of one setting over several seeds; every one of them is kept, for every one of them is shown. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** Of the sample (n - 1 below); NaN for one seed, which cannot tell. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
}

/** Mean and spread of one setting's scores. @throws HooklineError `HOOKLINE_SEEDS` without any */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new HooklineError('HOOKLINE_SEEDS', 'there are no scores to sum up');
  return { n: values.length, mean: mean(values), sd: Math.sqrt(variance(values)), min: Math.min(...values), max: Math.max(...values), values };
}

/** @throws HooklineError `HOOKLINE_SEEDS` for a score that is no finite number, of which no interval or test can tell anything */
export function requireScores(values: readonly number[]): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new HooklineError('HOOKLINE_SEEDS', `score ${at + 1} of ${values.length} is ${values[at]}, and settings are compared by finite ones`, {
    hint: 'leave its seed out of both settings, or say what a score that does not exist counts',
  });
}

/** NaN for an empty list. */
export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The unbiased variance; NaN for fewer than two values. */
export function variance(values: readonly number[]): number {
  const center = mean(values);
  return values.length < 2 ? Number.NaN : values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
}

import { HooklineError } from '@hookline/core';

/** Largest relative difference between the losses of two forms of a model that counts as agreement: float32 sums in other orders, over ten steps of Adam. */
export const LOSS_TOLERANCE = 2e-5;

/** Steps whose losses are compared. */
export const AGREEMENT_STEPS = 10;

/**
 * The largest relative difference between losses of the same steps.
 * @throws HooklineError HOOKLINE_BENCH_DISAGREES when it is beyond LOSS_TOLERANCE, or a loss is no number
 */
export function checkAgreement(name: string, ours: readonly number[], theirs: readonly number[], mend = 'report it as a bug'): number {
  const differences = ours.map((loss, step) => Math.abs(loss - (theirs[step] ?? Number.NaN)) / Math.abs(loss));
  const step = differences.findIndex((difference) => !(difference <= LOSS_TOLERANCE));
  if (step >= 0) {
    throw new HooklineError('HOOKLINE_BENCH_DISAGREES', `loss of step ${step}: ${ours[step]} here and ${theirs[step]} with ${name}`, {
      hint: `nothing was timed, for it is not the same training; relative differences up to ${LOSS_TOLERANCE} are allowed: ${mend}`,
    });
  }
  return Math.max(...differences);
}

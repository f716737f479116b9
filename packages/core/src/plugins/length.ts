import * as z from 'zod';

/** A length of a run: an integer from 1 is a number of steps, a number in [0, 1) a fraction of the run. */
export const lengthSchema = z
  .number()
  .nonnegative()
  .refine((length) => length < 1 || Number.isSafeInteger(length), 'is neither whole steps (an integer from 1) nor a fraction of the run (in [0, 1))');

/** A length that does not come to nothing by itself: not 0. */
export const positiveLengthSchema = lengthSchema.refine((length) => length > 0, 'must be greater than 0');

/**
 * A length in steps, rounded to whole steps; 0 stays 0.
 *
 * | length | total | steps |
 * |---|---|---|
 * | 10 | 1000 | 10 |
 * | 0.1 | 1000 | 100 |
 * | 0.1 | 4 | 0 |
 */
export const lengthInSteps = (length: number, total: number): number => (length < 1 ? Math.round(length * total) : length);

/** A period in steps: as `lengthInSteps`, but at least 1. */
export const periodInSteps = (length: number, total: number): number => Math.max(1, lengthInSteps(length, total));

/** Whether something that happens every so many steps happens after `completed` of them: after `every`, `2 · every`, … */
export const isDue = (completed: number, every: number): boolean => completed % every === 0;

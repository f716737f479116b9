import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';

/**
 * Sums the gradients of several batches of the data before each update, for a larger batch than fits into memory. Losses are
 * divided by the items of all of them together, so that the step equals one with the micro-batches in one batch, padding and all.
 * A run of as many steps reads as many times more data. Gates are planned once a step; dropout draws anew for each micro-batch.
 */
export const accumulateGradients = definePlugin({
  name: 'accumulate-gradients',
  options: z.strictObject({ microBatches: z.int().positive() }),
  order: ({ microBatches }) => ({ accumulation: microBatches }),
  hooks: () => ({}),
});

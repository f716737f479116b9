import * as z from 'zod';
import { bestSchema, isBetter, retentionSchema } from '../checkpoint/retention.js';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { isDue, periodInSteps, positiveLengthSchema } from './length.js';
import { checkSets, monitored, warnIfUnseen } from './monitor.js';

/**
 * Asks for a checkpoint every so many steps; with `best`, also after an evaluation in which the monitored metric was better than ever
 * before, so that the best weights are those that were measured. The trainer adds one at the run's end.
 *
 * What is kept: the newest `keep` (default: all), and the best. The retention travels with each checkpoint to the store.
 */
export const checkpoints = definePlugin({
  name: 'checkpoints',
  options: z.strictObject({
    /** Length between two checkpoints, in steps or as a fraction of the run. */
    every: positiveLengthSchema,
    ...retentionSchema.shape,
  }),
  state: { version: 1, schema: z.strictObject({ best: bestSchema }), initial: () => ({ best: null }) },
  order: ({ keep, best }) => ({ retention: { ...(keep === undefined ? {} : { keep }), ...(best ? { best } : {}) } }),
  hooks: ({ every, best }, run, state) => {
    let seen = state.get().best !== null;
    if (best) {
      checkSets('checkpoints', [best.set], run);
      warnIfUnseen('checkpoints', best.set, run, () => seen);
    }
    const period = periodInSteps(every, run.total);
    return {
      onStep: during('end', (step) => (isDue(step.index + 1, period) ? { ...step, checkpoint: true } : step)),
      onEval: during('evalEnd', (evaluation) => {
        const value = best && monitored(best, evaluation);
        seen ||= value !== undefined;
        if (!best || value === undefined || !isBetter(best.mode, value, state.get().best)) return evaluation;
        state.set({ best: value });
        return { ...evaluation, checkpoint: true };
      }),
    };
  },
});

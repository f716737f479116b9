import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { averageInto, evaluatedIn } from './averaged-weights.js';

/**
 * The decay of an update of the average, after so many updates before it. With `warmup` it is min(decay, (1 + n) / (10 + n)), as
 * TensorFlow's `ExponentialMovingAverage` with `num_updates`: an average that is young forgets its start sooner.
 *
 * | updates | 1 | 10 | 100 | 1000 |
 * |---|---|---|---|---|
 * | decay 0.999 with warm-up | 0.1818 | 0.55 | 0.9182 | 0.9911 |
 */
export const averagingDecay = (decay: number, updates: number, warmup: boolean): number => (warmup ? Math.min(decay, (1 + updates) / (10 + updates)) : decay);

/**
 * Keeps an exponential moving average of the weights in a slot: `average ← decay · average + (1 − decay) · weights` after each
 * update. It starts as the weights after the first one, as PyTorch's `AveragedModel`. A step whose update was skipped does not count.
 * The average of a dropped block's weights goes on as well, exactly.
 *
 * Evaluations use the average where no other plugin asks for a slot (`evaluate: false` leaves them the trained weights); the
 * checkpoint holds both.
 */
export const weightAveraging = definePlugin({
  name: 'weight-averaging',
  options: z.strictObject({
    /** Share of the old average that stays, at least 0 and below 1. */
    decay: z.number().min(0).lt(1),
    slot: z.string().min(1).default('ema'),
    evaluate: z.boolean().default(true),
    warmup: z.boolean().default(false),
  }),
  state: { version: 1, schema: z.strictObject({ updates: z.int().nonnegative() }), initial: () => ({ updates: 0 }) },
  order: ({ slot }) => ({ provides: [`slot:${slot}`] }),
  hooks: ({ decay, slot, evaluate, warmup }, run, state) => ({
    onStep: during('end', (step) => {
      if (step.skipped) return step;
      const { updates } = state.get();
      averageInto(run.weights, slot, updates, 1 - averagingDecay(decay, updates, warmup));
      state.set({ updates: updates + 1 });
      return step;
    }),
    ...(evaluate ? { onEval: evaluatedIn(slot, () => state.get().updates > 0) } : {}),
  }),
});

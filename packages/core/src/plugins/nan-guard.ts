import { pipe } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { asynchronously, during } from '../hooks/during.js';
import { Logger } from '../services.js';
import { lengthInSteps, lengthSchema, periodInSteps, positiveLengthSchema } from './length.js';
import { brokenWeights, faultLines, faultOfWeights, findFault, type NumericFault, signOf } from './numeric-fault.js';

const stateSchema = z.strictObject({
  /** Bad steps in a row. */
  consecutive: z.int().nonnegative(),
  /** Bad steps so far. */
  total: z.int().nonnegative(),
  /** Step at which the weights were last copied; null before. */
  copiedAt: z.int().nonnegative().nullable(),
});

/**
 * Guards a run against losses, gradients and weights that are NaN or infinite. The update of a step with such a loss or gradient is left out, and a warning names
 * what went wrong first: the block whose output, or the parameter whose weight or gradient, is not finite. Then, by `policy`,
 *
 * - `stop`: the run ends, with a checkpoint where there is a store and the weights are sound
 * - `skip`: it goes on with the next batch; where weights themselves are broken no batch helps, and it ends
 * - `rollback`: the weights go back to a copy, made every so many steps of weights that are finite, as are the loss and the gradients that they gave
 *
 * and after more than `limit` bad steps in a row, or more than `total` in all where that is more, it ends in any case: then going on does not help. A rollback takes
 * back the weights alone: the optimizer's moments and counters, averages in other slots, the schedule and the place in the data stay where they are. To take back
 * all of it, resume from a checkpoint.
 *
 * Under `skip` and `rollback`, with which a run goes on, a step is bad also where its update breaks weights. That shows at the end of the step: a rollback lets
 * broken weights into no average, no evaluation and no checkpoint of it.
 *
 * It stands after users' plugins before the update, and before clipping, in whose factor one NaN reaches every gradient; and before all of them after it. A sound
 * step costs nothing under `stop`: losses and norm are those that the update reads; otherwise it costs one reading of the norms of the weights. A bad one takes
 * twice as long: the passes run once more (`replay`), with two norms for each block. A rollback's copy takes the memory of the weights.
 */
export const nanGuard = definePlugin({
  name: 'nan-guard',
  options: z.strictObject({
    policy: z.enum(['stop', 'skip', 'rollback']).default('stop'),
    /** Bad steps in a row that are let pass; default 5. */
    limit: z.int().nonnegative().default(5),
    /** Bad steps in all that are let pass, but never fewer than `limit`: in steps or as a fraction of the run; default 0.02. */
    total: lengthSchema.default(0.02),
    /** For `rollback`: length between two copies, in steps or as a fraction of the run; default 100. */
    every: positiveLengthSchema.default(100),
    /** For `rollback`: where the copy is. */
    slot: z.string().min(1).default('last-sound'),
  }),
  state: { version: 1, schema: stateSchema, initial: () => ({ consecutive: 0, total: 0, copiedAt: null }) },
  order: ({ policy, slot }) => ({ stage: 40, endStage: -90, ...(policy === 'rollback' ? { provides: [`slot:${slot}`] } : {}) }),
  hooks: ({ policy, limit, total: inAll, every, slot }, run, state) => {
    const period = periodInSteps(every, run.total);
    const most = Math.max(limit, lengthInSteps(inAll, run.total));
    /** What is left to do at the end of a step that is known to be bad. */
    let bad: { readonly stop: string | undefined } | undefined;

    /** Counts and tells of a bad step; answers with the reason to end the run, if it is one. */
    const judge = (index: number, fault: NumericFault): string | undefined => {
      const { consecutive, total, copiedAt } = state.get();
      const now = { consecutive: consecutive + 1, total: total + 1, copiedAt };
      state.set(now);
      const line = `step ${index}: ${faultLines(fault)}`;
      run.service(Logger).warn(line);
      if (policy === 'stop' || (fault.weights.length > 0 && !canRestore())) return line;
      if (now.consecutive > limit) return `${line} (${now.consecutive} bad steps in a row)`;
      return now.total > most ? `${line} (${now.total} bad steps in all)` : undefined;
    };
    const canRestore = (): boolean => policy === 'rollback' && run.weights.has(slot);

    return {
      onStep: asynchronously(
        pipe(
          during('gradients', async (step) => {
            bad = undefined;
            const { copiedAt } = state.get();
            const due = policy === 'rollback' && (copiedAt === null || step.index - copiedAt >= period);
            const sign = signOf(step.gradients.losses(), step.gradients.norm());
            if (sign === undefined && !due) return step;
            const fault =
              sign === undefined
                ? faultOfWeights('loss and gradients are finite, and weights are not, as those of a closed block', brokenWeights(run))
                : await findFault(sign, step, run);
            if (sign !== undefined || fault.weights.length > 0) {
              bad = { stop: judge(step.index, fault) };
              return { ...step, skipUpdate: true };
            }
            run.weights.copy(slot);
            state.set({ ...state.get(), copiedAt: step.index });
            return step;
          }),
          during('end', (step) => {
            if (!bad && policy !== 'stop' && !step.skipped) {
              const weights = brokenWeights(run);
              const sign = 'the update broke weights, from a finite loss and gradients: look at the rate, and at plugins that change gradients';
              if (weights.length > 0) bad = { stop: judge(step.index, faultOfWeights(sign, weights)) };
            }
            if (bad && canRestore()) run.weights.restore(slot);
            const { consecutive, total } = state.get();
            if (!bad && consecutive > 0) state.set({ ...state.get(), consecutive: 0 });
            const report = total > 0 ? { ...step.report, badSteps: total } : step.report;
            return { ...step, report, stop: step.stop ?? bad?.stop };
          }),
        ),
      ),
    };
  },
});

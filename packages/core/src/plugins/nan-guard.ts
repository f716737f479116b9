import { pipe } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { asynchronously, during } from '../hooks/during.js';
import { Logger } from '../services.js';
import { periodInSteps, positiveLengthSchema } from './length.js';
import { faultLines, findFault, signOf } from './numeric-fault.js';

const stateSchema = z.strictObject({
  /** Bad steps in a row. */
  consecutive: z.int().nonnegative(),
  /** Bad steps so far. */
  total: z.int().nonnegative(),
  /** Step at which the weights were last copied; null before. */
  copiedAt: z.int().nonnegative().nullable(),
});

/**
 * Guards a run against losses and gradients that are NaN or infinite. Such a step's update is left out, and a warning names what went wrong first: the block whose
 * output, or the parameter whose weight or gradient, is not finite. Then, by `policy`,
 *
 * - `stop`: the run ends, with a checkpoint where there is a store and the weights are sound
 * - `skip`: it goes on with the next batch; where weights themselves are broken no batch helps, and it ends
 * - `rollback`: the weights go back to a copy, made every so many steps at a step whose loss and gradients were sound
 *
 * and after more than `limit` bad steps in a row it ends in any case. A rollback takes back the weights alone: the optimizer's moments and counters, averages in other
 * slots, the schedule and the place in the data stay where they are. To take back all of it, resume from a checkpoint.
 *
 * It stands before clipping, in whose factor one NaN reaches every gradient. A sound step costs nothing: losses and norm are those that the update reads. A bad
 * one takes twice as long: the passes run once more (`replay`), with two norms for each block. A rollback's copy takes the memory of the weights.
 */
export const nanGuard = definePlugin({
  name: 'nan-guard',
  options: z.strictObject({
    policy: z.enum(['stop', 'skip', 'rollback']).default('stop'),
    /** Bad steps in a row that are let pass; default 5. */
    limit: z.int().nonnegative().default(5),
    /** For `rollback`: length between two copies, in steps or as a fraction of the run; default 100. */
    every: positiveLengthSchema.default(100),
    /** For `rollback`: where the copy is. */
    slot: z.string().min(1).default('last-sound'),
  }),
  state: { version: 1, schema: stateSchema, initial: () => ({ consecutive: 0, total: 0, copiedAt: null }) },
  order: () => ({ stage: 40 }),
  hooks: ({ policy, limit, every, slot }, run, state) => {
    const period = periodInSteps(every, run.total);
    /** What is left to do at the end of a bad step. */
    let bad: { readonly stop: string | undefined } | undefined;
    return {
      onStep: asynchronously(
        pipe(
          during('gradients', async (step) => {
            bad = undefined;
            const sign = signOf(step.gradients.losses(), step.gradients.norm());
            const before = state.get();
            if (sign === undefined) {
              const due = policy === 'rollback' && (before.copiedAt === null || step.index - before.copiedAt >= period);
              if (due) run.weights.copy(slot);
              if (due || before.consecutive > 0) state.set({ ...before, consecutive: 0, copiedAt: due ? step.index : before.copiedAt });
              return step;
            }
            const fault = await findFault(sign, step, run);
            const line = `step ${step.index}: ${faultLines(fault)}`;
            const consecutive = before.consecutive + 1;
            state.set({ ...before, consecutive, total: before.total + 1 });
            run.service(Logger).warn(line);
            const hopeless = policy === 'stop' || (policy === 'skip' && fault.weights.length > 0) || consecutive > limit;
            bad = { stop: hopeless ? line : undefined };
            return { ...step, skipUpdate: true };
          }),
          during('end', (step) => {
            const { total, copiedAt } = state.get();
            const report = total > 0 ? { ...step.report, badSteps: total } : step.report;
            if (!bad) return { ...step, report };
            if (policy === 'rollback' && copiedAt !== null) run.weights.restore(slot);
            return { ...step, report, stop: step.stop ?? bad.stop };
          }),
        ),
      ),
    };
  },
});

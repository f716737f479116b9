import * as z from 'zod';
import { bestSchema, isBetter, monitorSchema } from '../checkpoint/retention.js';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import type { Monitor } from '../trainer-types.js';
import { checkSets, monitored, warnIfUnseen } from './monitor.js';

const stateSchema = z.strictObject({
  /** The best value so far; null before the first. */
  best: bestSchema,
  /** Evaluations since then. */
  since: z.int().nonnegative(),
});
type Patience = z.output<typeof stateSchema>;

/**
 * What is known after one more evaluation: a value better than the best by more than `minDelta` is the new best; any other, NaN
 * included, is one more evaluation without improvement.
 *
 * With mode `min`, minDelta 0.1:
 *
 * | value | 1 | 0.95 | 0.85 | NaN | 0.8 |
 * |---|---|---|---|---|---|
 * | best | 1 | 1 | 0.85 | 0.85 | 0.85 |
 * | since | 0 | 1 | 0 | 1 | 2 |
 */
export const patienceAfter = ({ best, since }: Patience, value: number, mode: Monitor['mode'], minDelta: number): Patience =>
  isBetter(mode, value, best, minDelta) ? { best: value, since: 0 } : { best, since: since + 1 };

/** Ends the run when a metric has not improved for `patience` evaluations of its set in a row. */
export const earlyStopping = definePlugin({
  name: 'early-stopping',
  options: monitorSchema.extend({
    mode: z.enum(['min', 'max']).default('min'),
    /** Evaluations without improvement before the end, from 1. */
    patience: z.int().positive(),
    /** An improvement must be greater than this; default 0. */
    minDelta: z.number().nonnegative().default(0),
  }),
  state: { version: 1, schema: stateSchema, initial: () => ({ best: null, since: 0 }) },
  hooks: ({ patience, minDelta, ...monitor }, run, state) => {
    checkSets('early-stopping', [monitor.set], run);
    warnIfUnseen('early-stopping', monitor.set, run, () => state.get().best !== null || state.get().since > 0);
    return {
      onEval: during('evalEnd', (evaluation) => {
        const value = monitored(monitor, evaluation);
        if (value === undefined) return evaluation;
        state.set(patienceAfter(state.get(), value, monitor.mode, minDelta));
        const { best, since } = state.get();
        if (since < patience || evaluation.stop !== undefined) return evaluation;
        return { ...evaluation, stop: `${monitor.set} ${monitor.metric} has not improved on ${best} for ${since} evaluations` };
      }),
    };
  },
});

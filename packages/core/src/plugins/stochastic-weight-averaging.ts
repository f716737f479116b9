import { pipe } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { Logger } from '../services.js';
import { averageInto, evaluatedIn } from './averaged-weights.js';
import { isDue, lengthInSteps, lengthSchema, periodInSteps, positiveLengthSchema } from './length.js';

const rate = z.number().nonnegative();

/**
 * The cyclical rate of Izmailov et al. 2018: from the first step of each cycle down in a line, `to` at its last. t = ((i mod c) + 1) / c, `(1 − t) · from + t · to`.
 *
 * From 0.5 to 0.2 in cycles of 3:
 *
 * | steps since the start | 0 | 1 | 2 | 3 |
 * |---|---|---|---|---|
 * | rate | 0.4 | 0.3 | 0.2 | 0.4 |
 */
export function cyclicalRate(from: number, to: number, since: number, cycle: number): number {
  const t = ((since % cycle) + 1) / cycle;
  return (1 - t) * from + t * to;
}

/**
 * Stochastic weight averaging (Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization", arXiv 1803.05407): from a start on
 * the rate is constant, or falls again and again in cycles, and the equal average of the weights at the end of each period, `average ← (n · average + weights) /
 * (n + 1)`, is what evaluations use, where no other plugin asks for a slot. Under a rate that only falls, what is averaged lies close together, and little comes of it.
 *
 * A cycle whose last update was skipped adds nothing. Between the ends of two cycles the average stands still, and so do evaluations in it: with early stopping, whose
 * patience counts each, evaluate once a cycle.
 *
 * Moving statistics of a batch normalization are averaged as the weights are, where the learner keeps them in its slots (`layersLearner` does): PyTorch's
 * `use_buffers`. The paper computes them anew over the data instead, which is not done here; models with LayerNorm have none.
 */
export const stochasticWeightAveraging = definePlugin({
  name: 'stochastic-weight-averaging',
  options: z.strictObject({
    /** Length before the first cycle, in steps or as a fraction of the run; default three quarters. */
    start: lengthSchema.default(0.75),
    /** Length of a cycle, at whose end the weights are averaged, in steps or as a fraction of the run. */
    every: positiveLengthSchema,
    /** From the start on: a constant rate, or one from and to which it falls in each cycle; default: that of the schedule. */
    rate: z.union([rate, z.strictObject({ from: rate, to: rate })]).exactOptional(),
    slot: z.string().min(1).default('swa'),
    /** Whether evaluations use the average; default true. */
    evaluate: z.boolean().default(true),
  }),
  state: { version: 1, schema: z.strictObject({ models: z.int().nonnegative() }), initial: () => ({ models: 0 }) },
  order: ({ slot }) => ({ provides: [`slot:${slot}`], shares: ['learning-rate'], stage: 10 }), // after the schedule, whose rate it replaces
  hooks: ({ start, every, rate: given, slot, evaluate }, run, state) => {
    const first = lengthInSteps(start, run.total);
    const cycle = periodInSteps(every, run.total);
    const warn = (what: string): void => run.service(Logger).warn(`plugin 'stochastic-weight-averaging' ${what}`);
    if (first + cycle > run.total) warn(`averages nothing: from its start at step ${first} no cycle of ${cycle} steps ends within ${run.total}`);
    /** Models in the average when a set was last evaluated in it; for a warning, so it needs no cell. */
    const evaluated = new Map<string, number>();
    let warned = false;
    const rateAt = (since: number): number | undefined => (typeof given === 'object' ? cyclicalRate(given.from, given.to, since, cycle) : given);
    return {
      onStep: pipe(
        during('begin', (step) => {
          const learningRate = step.index < first ? undefined : rateAt(step.index - first);
          return learningRate === undefined ? step : { ...step, learningRate };
        }),
        during('end', (step) => {
          const completed = step.index + 1 - first;
          if (completed <= 0 || !isDue(completed, cycle) || step.skipped) return step;
          const { models } = state.get();
          averageInto(run.weights, slot, models, 1 / (models + 1));
          state.set({ models: models + 1 });
          return step;
        }),
      ),
      ...(evaluate
        ? {
            onEval: pipe(
              evaluatedIn(slot, () => state.get().models > 0),
              during('evalBegin', (evaluation) => {
                const { step, set, weights } = evaluation;
                const { models } = state.get();
                const again = weights === slot && evaluated.get(set) === models && step < run.total;
                if (again && !warned) {
                  warn(
                    `evaluates '${set}' again in an average that has not changed, which early stopping counts as no improvement; evaluate once a cycle, of ${cycle} steps`,
                  );
                  warned = true;
                }
                evaluated.set(set, models);
                return evaluation;
              }),
            ),
          }
        : {}),
    };
  },
});

import { pipe } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { HooklineError } from '../errors.js';
import type { Gates } from '../gates.js';
import { asynchronously, during } from '../hooks/during.js';
import { didYouMean } from '../nearest.js';
import { Logger } from '../services.js';
import type { Awaitable, Scalars } from '../values.js';
import { checkSets, monitored } from './monitor.js';

/** The plans that leave out one block each of those that a plan runs, by the block's name. */
export const lesionPlans = (gates: Gates): ReadonlyMap<string, Gates> =>
  new Map(gates.filter(({ active }) => active).map(({ name }) => [name, gates.map((gate) => (gate.name === name ? { ...gate, active: false } : gate))]));

/**
 * A metric with each block left out, by the block's name.
 * @param evaluate metrics under a plan, e.g. `(gates) => evaluateLearner(learner, 'dev', { gates })`
 * @param gates the plan to leave blocks out of: `openGates(learner.blocks)`
 * @throws HooklineError `HOOKLINE_METRIC` where the evaluation has no such metric
 */
export async function lesions(evaluate: (gates: Gates) => Awaitable<Scalars>, gates: Gates, metric: string): Promise<Scalars> {
  const found: Record<string, number> = {};
  for (const [name, plan] of lesionPlans(gates)) {
    const metrics = await evaluate(plan);
    const value = metrics[metric];
    if (value === undefined) {
      throw new HooklineError('HOOKLINE_METRIC', `the evaluation has no metric '${metric}'`, { hint: didYouMean(metric, Object.keys(metrics)) });
    }
    found[name] = value;
  }
  return found;
}

/**
 * Evaluates with each block left out: how much the trained network leans on each (Veit et al. 2016, arXiv 1605.06431; for layer dropping, Zhang and He 2020,
 * arXiv 2010.13369). An evaluation gets the metric `lesion.BLOCK` for each block that its plan runs: `metric` without that block, under the same weights.
 *
 * Cost: as many evaluations more as the model has blocks. They happen in the answer to an event, so `hookTimeout` must be long enough for all of them.
 */
export const lesioning = definePlugin({
  name: 'lesioning',
  options: z.strictObject({
    /** Names of evaluation sets; default: all. */
    sets: z.array(z.string()).min(1).exactOptional(),
    /** What is measured without each block; default `loss`. */
    metric: z.string().min(1).default('loss'),
    /** At each evaluation, or at that after the run's last step alone, also where the evaluation itself ends the run; default `end`. */
    when: z.enum(['end', 'always']).default('end'),
  }),
  order: () => ({ stage: 100 }), // after those that choose the weights of an evaluation
  hooks: ({ sets, metric, when }, run) => {
    const chosen = sets ?? run.evaluationSets;
    checkSets('lesioning', chosen, run);
    let weights: string | undefined;
    let measured = false;
    run.on('end', ({ steps, stopped }) => {
      if (measured || steps === run.resumedAt || ['failed', 'left', 'aborted'].includes(stopped ?? '')) return;
      const where = `${chosen.map((set) => `'${set}'`).join(', ')}${when === 'end' ? ' after the last step' : ''}`;
      run.service(Logger).warn(`plugin 'lesioning' measured nothing: there was no evaluation of ${where}; add evaluateEvery({ steps })`);
    });
    return {
      onEval: asynchronously(
        pipe(
          during('evalBegin', (evaluation) => {
            weights = evaluation.weights;
            return evaluation;
          }),
          during('evalEnd', async (evaluation) => {
            const { step, set, gates, stop } = evaluation;
            if (!chosen.includes(set)) return evaluation;
            monitored({ set, metric, mode: 'min' }, evaluation); // a misspelt metric shows at the first evaluation, not at the end
            if (when === 'end' && step !== run.total && stop === undefined) return evaluation;
            measured = true;
            const found = await lesions((plan) => run.evaluate(set, { gates: plan, weights, step }), gates, metric);
            const told = Object.fromEntries(Object.entries(found).map(([name, value]) => [`lesion.${name}`, value]));
            return { ...evaluation, metrics: { ...evaluation.metrics, ...told } };
          }),
        ),
      ),
    };
  },
});

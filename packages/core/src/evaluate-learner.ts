import { makeBlock } from './block.js';
import { HooklineError } from './errors.js';
import { type Gates, openGates } from './gates.js';
import type { Learner } from './learner.js';
import { didYouMean } from './nearest.js';
import type { Scalars } from './values.js';

/** How a set is evaluated. */
export interface EvaluationPlan {
  /** Default: the whole network. */
  readonly gates?: Gates;
  /** The weight slot, e.g. `ema`; the trained weights when undefined. */
  readonly weights?: string | undefined;
  /** Optimizer steps completed, default 0; told to nobody but the learner's blocks. */
  readonly step?: number;
}

/**
 * Metrics of an evaluation set under a gate plan, without a trainer and without hooks.
 * @throws HooklineError `HOOKLINE_EVALUATION_SET`, and `HOOKLINE_SLOT` for a slot that does not exist
 */
export async function evaluateLearner<T>(learner: Learner<any, T>, set: string, plan: EvaluationPlan = {}): Promise<Scalars> {
  const { algebra, blocks, evaluationSets } = learner;
  const { gates = openGates(blocks), weights, step = 0 } = plan;
  if (!evaluationSets.includes(set)) {
    throw new HooklineError('HOOKLINE_EVALUATION_SET', `the learner has no evaluation set '${set}'`, { hint: didYouMean(set, evaluationSets) });
  }
  const block = makeBlock<T>({ mode: 'evaluate', step, micro: 0, gates, algebra, hook: undefined, recompute: () => false, seedOf: () => [0, 0] });
  return learner.evaluate(set, block, weights);
}

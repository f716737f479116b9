import { evaluateLearner } from './evaluate-learner.js';
import type { RunContext } from './plugin.js';
import type { RunPlan } from './run-plan.js';
import { RandomSource } from './services.js';

/** What plugins may know about their run. */
export function runContext({ options, learner, total, seed, services, news }: RunPlan<any, any>, resumedAt: number): RunContext {
  const source = services.resolve(RandomSource);
  return Object.freeze({
    total,
    seed,
    batchesPerEpoch: learner.data.batchesPerEpoch,
    blocks: learner.blocks,
    evaluationSets: learner.evaluationSets,
    weights: learner.weights,
    algebra: learner.algebra,
    random: (stream, step, index) => source.uniform(seed, stream, step, index),
    directory: options.run,
    resumedAt,
    service: (token) => services.resolve(token),
    evaluate: (set, how) => evaluateLearner(learner, set, how),
    on: (kind, listener) => news.on(kind, listener),
  } satisfies RunContext);
}

import { HooklineError } from './errors.js';
import { evaluateLearner } from './evaluate-learner.js';
import type { BlockInfo } from './gates.js';
import type { Weights } from './learner.js';
import type { RunContext } from './plugin.js';
import type { Progress } from './run.js';
import type { RunPlan } from './run-plan.js';
import { RandomSource } from './services.js';

const frozen = <X>(list: readonly X[]): readonly X[] => Object.freeze([...list]);

const frozenBlock = (block: BlockInfo): BlockInfo => {
  const { branchParameters } = block;
  const inBranches = Object.entries(branchParameters ?? {}).map(([branch, names]) => [branch, frozen(names)] as const);
  return Object.freeze({
    ...block,
    branches: frozen(block.branches),
    parameters: frozen(block.parameters),
    ...(branchParameters ? { branchParameters: Object.freeze(Object.fromEntries(inBranches)) } : {}),
  });
};

const frozenWeights = (weights: Weights): Weights =>
  Object.freeze({
    names: frozen(weights.names),
    norms: (from) => weights.norms(from),
    copy: (to) => weights.copy(to),
    lerp: (to, amount) => weights.lerp(to, amount),
    restore: (from) => weights.restore(from),
    remove: (slot) => weights.remove(slot),
    has: (slot) => weights.has(slot),
  } satisfies Weights);

/** What plugins may know about their run. Lists are frozen copies: a plugin that sorts one in place sorts nobody else's. */
export function runContext({ options, learner, total, seed, services, news }: RunPlan<any, any>, progress: Progress): RunContext {
  const source = services.resolve(RandomSource);
  return Object.freeze({
    total,
    seed,
    batchesPerEpoch: learner.data.batchesPerEpoch,
    blocks: frozen(learner.blocks.map(frozenBlock)),
    evaluationSets: frozen(learner.evaluationSets),
    weights: frozenWeights(learner.weights),
    algebra: learner.algebra,
    random: (stream, step, index) => source.uniform(seed, stream, step, index),
    directory: options.run,
    resumedAt: progress.step,
    service: (token) => services.resolve(token),
    async evaluate(set, how) {
      if (progress.inStep) {
        throw new HooklineError('HOOKLINE_EVALUATION_PLACE', `step ${progress.step}: run.evaluate was called inside the step`, {
          hint: "call it in an answer to 'end', 'evalBegin' or 'evalEnd', when the passes and the update are over",
        });
      }
      return evaluateLearner(learner, set, how);
    },
    on: (kind, listener) => news.on(kind, listener),
  } satisfies RunContext);
}

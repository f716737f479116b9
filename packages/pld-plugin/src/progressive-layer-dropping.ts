import { definePlugin, during, type Hooks, mergeGates, type RunContext } from '@hookline/core';
import type { Dropping } from './dropping.js';
import { type PldOptions, pldOptions } from './options.js';
import { expectedGates, planOf } from './plan.js';
import { matchedDropping } from './saving.js';

/** The hook of every method of this package: plans a step's gates, states the policy for dropped parameters, reports theta and the expected depth. */
export function droppingHooks(name: string, options: PldOptions, run: RunContext, evaluation: 'whole' | 'expected' = 'whole'): Hooks {
  const dropping: Dropping = matchedDropping(options, { blocks: run.blocks, steps: run.total });
  const { dropped, counter } = dropping.options;
  const onStep = during('begin', (step) => {
    const plan = planOf(dropping, step.index, (index) => run.random(name, step.index, index));
    return {
      ...step,
      gates: mergeGates(step.gates, plan.gates),
      dropped,
      counter,
      report: { ...step.report, theta: plan.theta, expectedActive: plan.expectedActive },
    };
  });
  if (evaluation === 'whole') return { onStep };
  expectedGates(dropping, 0); // what it refuses, it refuses before the first step
  return { onStep, onEval: during('evalBegin', (event) => ({ ...event, gates: mergeGates(event.gates, expectedGates(dropping, event.step)) })) };
}

/**
 * Progressive Layer Dropping (Zhang & He, NeurIPS 2020, arXiv 2010.13369): the deeper the block and the later the step, the more often
 * a residual block is skipped, forward, backward and in the optimizer. Evaluation runs the whole network, unscaled.
 */
export const progressiveLayerDropping = definePlugin({
  name: 'progressive-layer-dropping',
  options: pldOptions,
  order: () => ({ provides: ['gating'] }),
  hooks: (options, run) => droppingHooks('progressive-layer-dropping', options, run),
});

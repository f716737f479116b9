import type { StepBatches } from './batches.js';
import type { BlockCall, BlockLeave, StepBegin, StepGradients } from './events.js';
import type { Gradients } from './learner.js';
import { microSeed, type Run, trainingBlock } from './run.js';

/** Forward and backward pass of each micro-batch of a step; answers with the sum of their gradients. */
export function passes<B, T>(run: Run<B, T>, begin: StepBegin, { batches, denominators }: StepBatches<B>, hook = run.hooks.block): Gradients<T> {
  const { learner } = run.plan;
  const frozen = (parameter: string): boolean => begin.rateScale(parameter) === 0;
  let gradients: Gradients<T> | undefined;
  for (const [micro, batch] of batches.entries()) {
    const block = trainingBlock(run, begin, micro, hook);
    gradients = learner.gradients(batch, block, denominators, gradients, microSeed(run, begin.index, micro), frozen);
    block.verify();
  }
  return gradients as Gradients<T>; // there is one batch at least
}

/** The passes of a step to be run once more, for who wants to see its blocks; the gradients are thrown away. */
export function replayed<B, T>(run: Run<B, T>, begin: StepBegin, taken: StepBatches<B>): StepGradients<T>['replay'] {
  return async (look) => {
    const hook = <E extends BlockCall<T>>(call: E): E => {
      const answer = run.hooks.block ? run.hooks.block(call) : call;
      if (answer.phase === 'leave') look(answer as BlockLeave<T>);
      return answer;
    };
    const { index: step, gates, rateScale, dropped, counter } = begin;
    await run.plan.learner.update(passes(run, begin, taken, hook), { step, learningRate: 0, rateScale, gates, dropped, counter, skip: true });
  };
}

import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import type { StepBegin } from '../events.js';
import { during } from '../hooks/during.js';
import { periodInSteps, positiveLengthSchema } from './length.js';
import { blockSelectionSchema, chosenBlocks, matching, patternsSchema } from './selection.js';

/**
 * The step with these parameters frozen, besides those that are already; how many are in all is told as `frozenParameters`.
 * @param names all parameters
 */
export function withFrozen(step: StepBegin, frozen: ReadonlySet<string>, names: readonly string[]): StepBegin {
  const rateScale: StepBegin['rateScale'] = frozen.size === 0 ? step.rateScale : (name) => (frozen.has(name) ? 0 : step.rateScale(name));
  return { ...step, rateScale, report: { ...step.report, frozenParameters: names.filter((name) => rateScale(name) === 0).length } };
}

/**
 * Freezes parameters: no gradient is computed for them, weight and moments stand still, and they count in no norm. Where all below a block is frozen,
 * embeddings included, the backward pass ends there, and a step takes that much less time.
 */
export const freezing = definePlugin({
  name: 'freezing',
  options: z
    .strictObject({
      /** Blocks whose parameters are frozen. */
      blocks: blockSelectionSchema.exactOptional(),
      /** Names or patterns of parameters, e.g. `bert.embeddings.*`. */
      parameters: patternsSchema.exactOptional(),
      /** Length after which they train, in steps or as a fraction of the run, which is one step at least; default: never. */
      until: positiveLengthSchema.exactOptional(),
    })
    .refine(({ blocks, parameters }) => blocks !== undefined || parameters !== undefined, 'give blocks, parameters, or both'),
  hooks: ({ blocks, parameters, until }, run) => {
    const chosen = blocks === undefined ? new Set() : chosenBlocks('freezing', blocks, run.blocks);
    const named = parameters === undefined ? [] : matching('freezing', 'parameter', parameters, run.weights.names);
    const frozen = new Set([...run.blocks.filter(({ name }) => chosen.has(name)).flatMap((block) => block.parameters), ...named]);
    const none = new Set<string>();
    const end = until === undefined ? run.total : periodInSteps(until, run.total);
    return { onStep: during('begin', (step) => withFrozen(step, step.index < end ? frozen : none, run.weights.names)) };
  },
});

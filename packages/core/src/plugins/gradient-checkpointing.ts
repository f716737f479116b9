import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { blockSelectionSchema, chosenBlocks } from './selection.js';

/**
 * Gradient checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost", arXiv 1604.06174): of the chosen blocks only the input is kept in
 * the forward pass, and the backward pass runs each once more for its activations. A step then holds the activations of one block instead of all, for
 * about the time of one more forward pass. Gradients are the same up to rounding, dropout included: its draws are keyed. A dropped block is neither kept nor run
 * again.
 */
export const gradientCheckpointing = definePlugin({
  name: 'gradient-checkpointing',
  options: z.strictObject({
    /** Default: all. With `{ every: n }` the others keep their activations: n blocks in a row need those of n − 1. */
    blocks: blockSelectionSchema.default('all'),
  }),
  hooks: ({ blocks }, run) => {
    const chosen = chosenBlocks('gradient-checkpointing', blocks, run.blocks);
    return { onStep: during('begin', (step) => ({ ...step, recompute: (block) => chosen.has(block) || step.recompute(block) })) };
  },
});

import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { parameterDepths, placementShape } from './parameter-groups.js';

/**
 * The factor on the rate of a parameter at a depth, 0 below the blocks to L + 1 above them: decay^(L + 1 − depth).
 *
 * With 3 blocks and decay 0.5:
 *
 * | depth | 0, embeddings | 1 | 2 | 3 | 4, head |
 * |---|---|---|---|---|---|
 * | factor | 0.0625 | 0.125 | 0.25 | 0.5 | 1 |
 */
export const layerwiseRate = (depth: number, blocks: number, decay: number): number => decay ** (blocks + 1 - depth);

/**
 * A learning rate for each layer, falling from the top down: `rate · decay^(L + 1 − depth)`. What lies above the blocks (heads) has the whole rate, the
 * block at the top decay times that, what lies below them (embeddings) the least. `decay: 1 / 2.6` are the discriminative rates of Howard and Ruder 2018
 * (ULMFiT, arXiv 1801.06146, section 3.1); 0.8 to 0.95 is the layer-wise decay with which BERT's kind is fine-tuned (Clark et al. 2020, ELECTRA, arXiv
 * 2003.10555, whose code puts one more factor between head and top block). Weight decay, which goes by the rate, falls with it.
 */
export const layerwiseRates = definePlugin({
  name: 'layerwise-rates',
  options: z.strictObject({
    /** Rate of a layer over that of the one above, in (0, 1]. */
    decay: z.number().positive().max(1),
    ...placementShape,
  }),
  hooks: ({ decay, ...placement }, run) => {
    const depths = parameterDepths('layerwise-rates', placement, run);
    const factors = new Map([...depths].map(([name, depth]) => [name, layerwiseRate(depth, run.blocks.length, decay)]));
    return { onStep: during('begin', (step) => ({ ...step, rateScale: (name) => (factors.get(name) ?? 1) * step.rateScale(name) })) };
  },
});

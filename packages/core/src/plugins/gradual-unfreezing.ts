import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { Logger } from '../services.js';
import { withFrozen } from './freezing.js';
import { periodInSteps, positiveLengthSchema } from './length.js';
import { parameterDepths, placementShape } from './parameter-groups.js';

/**
 * How many of the layers, from the top, train after so many steps: one at first, one more after every period, all in the end.
 *
 * With 4 layers and a period of 10:
 *
 * | steps completed | 0 | 9 | 10 | 25 | 30 | 99 |
 * |---|---|---|---|---|---|---|
 * | layers that train | 1 | 1 | 2 | 3 | 4 | 4 |
 */
export const unfrozenLayers = (completed: number, period: number, layers: number): number => Math.min(layers, 1 + Math.floor(completed / period));

/**
 * Gradual unfreezing (Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", arXiv 1801.06146, section 3.3): first only the
 * layer at the top trains, and after every period one more below it. Layers are what lies above the blocks (heads), the blocks from the top down, and what lies
 * below them (embeddings). The paper's period is an epoch. A frozen layer's moments stand still, and begin when it does.
 */
export const gradualUnfreezing = definePlugin({
  name: 'gradual-unfreezing',
  options: z.strictObject({
    /** Length between two layers, in steps or as a fraction of the run. */
    every: positiveLengthSchema,
    ...placementShape,
  }),
  hooks: ({ every, ...placement }, run) => {
    const depths = parameterDepths('gradual-unfreezing', placement, run);
    const layers = [...new Set(depths.values())].sort((a, b) => b - a); // from the top, those without parameters left out
    const period = periodInSteps(every, run.total);
    const atLast = unfrozenLayers(run.total - 1, period, layers.length);
    if (atLast < layers.length) {
      const hint = 'a shorter every unfreezes the rest';
      run.service(Logger).warn(`plugin 'gradual-unfreezing': ${atLast} of ${layers.length} layers train at the end of the run; ${hint}`);
    }
    return {
      onStep: during('begin', (step) => {
        const unfrozen = unfrozenLayers(step.index, period, layers.length);
        const lowest = layers[unfrozen - 1] ?? 0;
        const frozen = new Set([...depths].flatMap(([name, depth]) => (depth < lowest ? [name] : [])));
        return withFrozen({ ...step, report: { ...step.report, unfrozenLayers: unfrozen } }, frozen, run.weights.names);
      }),
    };
  },
});

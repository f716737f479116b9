import { pipe } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import type { Scalars } from '../values.js';
import { finite } from './finite.js';
import { isDue, periodInSteps, positiveLengthSchema } from './length.js';
import { parametersByBlock } from './parameter-groups.js';

const slot = 'gradient-logging';

/** L2 norm of several parameters together, by the norm of each. */
const together = (names: readonly string[], normOf: (name: string) => number): number => Math.hypot(...names.map(normOf));

/**
 * Reports, every so many steps, `gradientNorm.NAME` and `updateRatio.NAME` of each layer: the L2 norm of its gradient at this place in the order, so before
 * clipping, and ‖w' − w‖ / ‖w‖ of the step's update, which is about 0.001 in a healthy training and shows a layer that does not learn, or too fast
 * (Karpathy, CS231n). Layers are the blocks, and `outside` them; or each parameter by itself. One without a gradient has no `gradientNorm`; a ratio to weights that
 * are all zero, and what is not finite, is left out.
 *
 * A step that reports copies the weights and reads their norms; the others cost nothing, and no checkpoint holds the copy.
 */
export const gradientLogging = definePlugin({
  name: 'gradient-logging',
  options: z.strictObject({
    /** Length between two reports, in steps or as a fraction of the run. */
    every: positiveLengthSchema,
    /** What has norms of its own: `block`, the default, or `parameter`. */
    per: z.enum(['block', 'parameter']).default('block'),
  }),
  order: () => ({ provides: [`slot:${slot}`] }),
  hooks: ({ every, per }, { blocks, total, weights, on }) => {
    on('end', () => weights.remove(slot)); // where a step failed between copy and end
    const period = periodInSteps(every, total);
    const groups = per === 'block' ? parametersByBlock(weights.names, blocks) : new Map(weights.names.map((name) => [name, [name]]));
    let before: Scalars = {};
    return {
      onStep: pipe(
        during('gradients', (step) => {
          if (!isDue(step.index + 1, period)) return step;
          const { gradients } = step;
          const have = new Set(gradients.names);
          const norms = [...groups].flatMap(([name, all]): [string, number][] => {
            const members = all.filter((one) => have.has(one));
            return members.length === 0 ? [] : [[`gradientNorm.${name}`, together(members, (one) => gradients.norm(one))]];
          });
          before = weights.norms();
          weights.copy(slot);
          return { ...step, report: { ...step.report, ...finite(norms) } };
        }),
        during('end', (step) => {
          if (!isDue(step.index + 1, period)) return step;
          const moved = weights.norms(slot);
          weights.remove(slot);
          const ratios = [...groups].flatMap(([name, all]): [string, number][] => {
            const norm = together(all, (one) => before[one] as number);
            return norm === 0 ? [] : [[`updateRatio.${name}`, together(all, (one) => moved[one] as number) / norm]];
          });
          return { ...step, report: { ...step.report, ...finite(ratios) } };
        }),
      ),
    };
  },
});

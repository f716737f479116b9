import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import { isDue, periodInSteps, positiveLengthSchema } from './length.js';
import { checkSets } from './monitor.js';

/** Asks for an evaluation every so many steps and after the last one. */
export const evaluateEvery = definePlugin({
  name: 'evaluate-every',
  options: z.strictObject({
    /** Length between two evaluations, in steps or as a fraction of the run. */
    steps: positiveLengthSchema,
    /** Names of evaluation sets; default: all. */
    sets: z.array(z.string()).min(1).exactOptional(),
    /** Whether also after the first step; default false. */
    atStart: z.boolean().default(false),
    /** Whether also after the last step, whatever its number; default true. */
    atEnd: z.boolean().default(true),
  }),
  hooks: ({ steps, sets, atStart, atEnd }, run) => {
    const chosen = sets ?? run.evaluationSets;
    checkSets('evaluate-every', chosen, run);
    const period = periodInSteps(steps, run.total);
    return {
      onStep: during('end', (step) => {
        const completed = step.index + 1;
        const due = isDue(completed, period) || (atStart && completed === 1) || (atEnd && completed === run.total);
        return due ? { ...step, evaluate: [...new Set([...step.evaluate, ...chosen])] } : step;
      }),
    };
  },
});

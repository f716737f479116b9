import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import type { Hooks, RunContext } from '../plugin.js';
import { lengthSchema } from './length.js';
import { rateSchema, scheduledRate } from './rate.js';

const hooks = (schedule: z.output<typeof rateSchema>, run: RunContext): Hooks => ({
  onStep: during('begin', (step) => ({ ...step, learningRate: scheduledRate(schedule, step.index, run.total) })),
});

/** Before users' plugins: what they make of the rate stays. */
const order = () => ({ provides: ['learning-rate'], stage: -10 });

/**
 * Sets the learning rate of each step by a schedule: `constant`, `linear`, `cosine`, `polynomial` or `step`, each with a linear warm-up.
 * Formulas, boundaries and a table: `rateAt`. It has no state: the rate is a function of the step.
 */
export const learningRate = definePlugin({ name: 'learning-rate', options: rateSchema, order, hooks });

/** `learningRate({ schedule: 'linear' })`: up to the peak over the warm-up (default: a tenth of the run), then down to `end` (default 0). */
export const linearWarmup = definePlugin({
  name: 'linear-warmup',
  options: z.strictObject({ peak: z.number().positive(), warmup: lengthSchema.default(0.1), end: z.number().nonnegative().default(0) }),
  order,
  hooks: (options, run) => hooks({ schedule: 'linear', warmupStart: 'share', ...options }, run),
});

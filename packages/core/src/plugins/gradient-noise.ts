import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { during } from '../hooks/during.js';
import type { RunContext } from '../plugin.js';

/**
 * The noise's standard deviation after so many steps: sqrt(eta / (1 + t)^gamma).
 *
 * | steps | 0 | 9 | 99 | 9999 |
 * |---|---|---|---|---|
 * | eta 0.01, gamma 0.55 | 0.1 | 0.05309 | 0.02818 | 0.00794 |
 */
export const noiseDeviation = (eta: number, gamma: number, completed: number): number => Math.sqrt(eta / (1 + completed) ** gamma);

/** Standard normal draws by Box and Muller's transform: a pair for each two keyed draws. */
export function normalDraws(random: RunContext['random'], stream: string, step: number, length: number): Float64Array {
  const draws = new Float64Array(length);
  for (let i = 0; i < length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random(stream, step, i)));
    const angle = 2 * Math.PI * random(stream, step, i + 1);
    draws[i] = radius * Math.cos(angle);
    if (i + 1 < length) draws[i + 1] = radius * Math.sin(angle);
  }
  return draws;
}

/**
 * Adds normal noise of variance `eta / (1 + t)^gamma` to each number of each gradient (Neelakantan et al. 2015, "Adding Gradient Noise Improves Learning for
 * Very Deep Networks", arXiv 1511.06807). It comes after clipping, which would scale the noise as well. Draws are keyed by parameter and step. Parameters without a
 * gradient, of dropped blocks and frozen ones, get none.
 *
 * It works with every tensor library, and pays for it: gradients go through the memory of JavaScript, with two keyed draws for each two numbers.
 */
export const gradientNoise = definePlugin({
  name: 'gradient-noise',
  options: z.strictObject({
    /** Variance at the first step; the paper takes the best of 0.01, 0.3 and 1. */
    eta: z.number().positive(),
    /** How fast it falls; default 0.55. */
    gamma: z.number().nonnegative().default(0.55),
  }),
  order: () => ({ stage: 60 }),
  hooks: ({ eta, gamma }, run) => ({
    onStep: during('gradients', (step) => {
      const deviation = noiseDeviation(eta, gamma, step.index);
      const noisy = (name: string): Float64Array => {
        const values = step.gradients.values(name);
        return normalDraws(run.random, `gradient-noise/${name}`, step.index, values.length).map((draw, i) => (values[i] as number) + deviation * draw);
      };
      return { ...step, gradients: step.gradients.replace(Object.fromEntries(step.gradients.names.map((name) => [name, noisy(name)]))) };
    }),
  }),
});

import type { Plugin } from '@hookline/core';
import { during } from '@hookline/core';
import type { Vec } from '@hookline/core/testing';
import { isProgram, run } from './run.js';

/** Adds normal noise of variance eta / (1 + step)^0.55 to each gradient, after clipping (Neelakantan et al. 2015, arXiv 1511.06807). */
export const gradientNoise = (eta: number): Plugin<Vec> => ({
  name: 'own-gradient-noise',
  stage: 60, // after clipping, which would scale the noise as well
  setup: ({ random }) => ({
    onStep: during('gradients', (step) => {
      const deviation = Math.sqrt(eta / (1 + step.index) ** 0.55);
      const normal = (name: string, i: number) =>
        Math.sqrt(-2 * Math.log(1 - random(name, step.index, 2 * i))) * Math.cos(2 * Math.PI * random(name, step.index, 2 * i + 1));
      const noisy = ({ values, gradient }: Vec, name: string) => ({ values: values.map((g, i) => g + deviation * normal(`noise ${name}`, i)), gradient });
      return { ...step, gradients: step.gradients.map(noisy) };
    }),
  }),
});

if (isProgram(import.meta.url)) await run([gradientNoise(0.001)]);

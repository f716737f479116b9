import { definePlugin, during } from '@hookline/core';
import * as z from 'zod';
import { isProgram, run } from './run.js';

/** Freezes the blocks one by one from the input up, as their training settles; the last `keep` blocks train to the end. */
export const progressiveFreezing = definePlugin({
  name: 'progressive-freezing',
  options: z.strictObject({ from: z.number().min(0).lt(1).default(0.5), keep: z.int().min(0).default(1) }),
  hooks: ({ from, keep }, { blocks, total }) => ({
    onStep: during('begin', (step) => {
      const progress = Math.max(0, (step.index / total - from) / (1 - from));
      const frozen = blocks.slice(0, Math.ceil(progress * Math.max(0, blocks.length - keep)));
      const still = new Set(frozen.flatMap((block) => block.parameters));
      const rateScale = (parameter: string) => (still.has(parameter) ? 0 : step.rateScale(parameter));
      return { ...step, rateScale, report: { ...step.report, frozenBlocks: frozen.length } };
    }),
  }),
});

if (isProgram(import.meta.url)) await run([progressiveFreezing({ from: 0.2 })]);

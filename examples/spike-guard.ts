import { definePlugin, during } from '@hookline/core';
import * as z from 'zod';
import { isProgram, run } from './run.js';

/** Leaves out an update whose gradient norm is many times the running mean: a bad batch then costs one step, not the run. */
export const spikeGuard = definePlugin({
  name: 'spike-guard',
  options: z.strictObject({ factor: z.number().gt(1).default(4), warmup: z.int().min(1).default(20) }),
  state: { version: 1, schema: z.strictObject({ mean: z.number(), seen: z.int() }), initial: () => ({ mean: 0, seen: 0 }) },
  hooks: ({ factor, warmup }, _, state) => ({
    onStep: during('gradients', (step) => {
      const { mean, seen } = state.get();
      const limit = seen < warmup ? Number.POSITIVE_INFINITY : factor * mean;
      const norm = step.gradients.norm();
      if (!Number.isFinite(norm)) return { ...step, skipUpdate: true };
      state.set({ mean: mean + (Math.min(norm, limit) - mean) / Math.min(seen + 1, 100), seen: seen + 1 });
      return norm > limit ? { ...step, skipUpdate: true } : step;
    }),
  }),
});

if (isProgram(import.meta.url)) await run([spikeGuard({ factor: 2 })]);

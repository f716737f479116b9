import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import type { BlockInfo } from '../gates.js';
import { during } from '../hooks/during.js';
import type { Gradients } from '../learner.js';
import { parametersByBlock } from './parameter-groups.js';

/** The factor that brings a norm down to a limit: min(1, limit / (norm + 1e-6)), as PyTorch's `clip_grad_norm_`. */
export const clipFactor = (norm: number, limit: number): number => Math.min(1, limit / (norm + 1e-6));

/** Clips the norm of each block's gradients, and of those outside blocks together, to a limit of its own. Reads a norm for each parameter. */
export function clipPerBlock<T>(gradients: Gradients<T>, blocks: readonly BlockInfo[], limit: number): Gradients<T> {
  return [...parametersByBlock(gradients.names, blocks).values()].reduce((clipped, group) => {
    const factor = clipFactor(Math.hypot(...group.map((name) => gradients.norm(name))), limit);
    const members = new Set(group);
    return factor === 1 ? clipped : clipped.scale(factor, (name) => members.has(name));
  }, gradients);
}

const limit = z.number().positive();

/**
 * Clips the gradients before the update, at stage 50: after users' plugins have seen and changed them. One of
 *
 * - `norm`: all are scaled so that their global L2 norm is at most this
 * - `value`: each number is clamped to ± this
 * - `perBlock`: as `norm`, for each block by itself and for the parameters outside blocks together
 *
 * The norm is that of the parameters that have a gradient: those of dropped blocks do not count. `step.gradientNorm` stays the norm before.
 */
export const clipGradients = definePlugin({
  name: 'clip-gradients',
  options: z
    .strictObject({ norm: limit.exactOptional(), value: limit.exactOptional(), perBlock: limit.exactOptional() })
    .refine((options) => Object.keys(options).length === 1, 'give one of norm, value, perBlock'),
  order: () => ({ provides: ['clipping'], stage: 50 }),
  hooks: ({ norm, value, perBlock }, run) => ({
    onStep: during('gradients', (step) => {
      if (norm !== undefined) return { ...step, gradients: step.gradients.clipNorm(norm) };
      if (value !== undefined) return { ...step, gradients: step.gradients.clipValue(value) };
      return { ...step, gradients: clipPerBlock(step.gradients, run.blocks, perBlock ?? Number.POSITIVE_INFINITY) };
    }),
  }),
});

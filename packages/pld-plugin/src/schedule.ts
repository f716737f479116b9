import { HooklineError, lengthInSteps, lengthSchema } from '@hookline/core';
import * as z from 'zod';

const during = { start: lengthSchema.optional(), length: lengthSchema.optional() };

/** The named shapes; each may be written as its bare name. `start` holds theta at 1 that long; `length` (default: the rest of the run) reaches thetaBar. */
export const shapeSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('exponential'), gamma: z.number().positive().optional() }),
  z.strictObject({ type: z.literal('linear'), ...during }),
  z.strictObject({ type: z.literal('polynomial'), power: z.number().positive().default(2), ...during }),
  z.strictObject({ type: z.literal('cosine'), ...during }),
  z.strictObject({ type: z.literal('step'), at: z.array(lengthSchema).min(1).default([0.25, 0.5, 0.75]) }),
  z.strictObject({ type: z.literal('constant') }),
  z.strictObject({ type: z.literal('growth'), length: lengthSchema.optional(), direction: z.enum(['up', 'down']).default('up') }),
]);

/** Any theta of the step (0-based) and the run's length; answers in [0, 1]. */
export type ThetaFunction = (step: number, steps: number) => number;

export const scheduleSchema = z.union([
  z.enum(['exponential', 'linear', 'polynomial', 'cosine', 'step', 'constant', 'growth']),
  shapeSchema,
  z.custom<ThetaFunction>((value) => typeof value === 'function', 'expected the name of a schedule, { type, … } or a function'),
]);

export type Shape = z.output<typeof shapeSchema>;
export type Schedule = z.input<typeof scheduleSchema>;

/** A bare name as its shape with defaults. */
export const shapeOf = (schedule: Exclude<z.output<typeof scheduleSchema>, ThetaFunction>): Shape =>
  typeof schedule === 'string' ? shapeSchema.parse({ type: schedule }) : schedule;

/** How much of the way is left, 1 to 0, at `step` of a ramp. */
function left(step: number, steps: number, at: { readonly start?: number | undefined; readonly length?: number | undefined }): number {
  const start = lengthInSteps(at.start ?? 0, steps);
  const length = at.length === undefined ? steps - start : lengthInSteps(at.length, steps);
  if (step <= start) return 1;
  return length <= 0 ? 0 : Math.max(0, 1 - (step - start) / length);
}

/**
 * The part of 1 − thetaBar that is left at a step, from 1 (theta is 1) to 0 (theta is thetaBar). Every shape is this function;
 * `theta = (1 − thetaBar) · decay + thetaBar`.
 *
 * | shape | decay, x the part of the ramp behind |
 * |---|---|
 * | exponential | exp(−gamma · step), gamma = 100 / steps unless given (Zhang & He 2020) |
 * | linear, polynomial, cosine | 1 − x, (1 − x)^power, (1 + cos(pi x)) / 2 |
 * | step | 1 − (lengths of `at` that are over) / (their number) |
 * | constant | 0 from the first step on |
 * | growth | up: min(1, step / length); down: 1 − that. Share of the depth that runs, see `grownBlocks` |
 */
export function decay(shape: Shape, step: number, steps: number): number {
  switch (shape.type) {
    case 'exponential':
      return Math.exp(-(shape.gamma ?? 100 / steps) * step);
    case 'linear':
      return left(step, steps, shape);
    case 'polynomial':
      return left(step, steps, shape) ** shape.power;
    case 'cosine':
      return (1 - Math.cos(Math.PI * left(step, steps, shape))) / 2;
    case 'step':
      return 1 - shape.at.filter((length) => step >= lengthInSteps(length, steps)).length / shape.at.length;
    case 'constant':
      return 0;
    case 'growth': {
      const rest = left(step, steps, shape);
      return shape.direction === 'up' ? 1 - rest : rest;
    }
  }
}

export interface ThetaAt {
  /** Theta at the end of the schedule, 0 to 1; the paper suggests 0.5 to 0.9. */
  readonly thetaBar: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Default `exponential`. A function gives theta itself, and `thetaBar` does not enter. */
  readonly schedule?: Schedule;
  /** Of the exponential schedule; default 100 / steps. */
  readonly gamma?: number;
}

/**
 * theta(t) = (1 − thetaBar) · exp(−gamma · t) + thetaBar (Zhang & He 2020, arXiv 2010.13369, section 4), or another schedule's value.
 * @param step optimizer steps completed, 0 for the first
 * @throws HooklineError `HOOKLINE_SCHEDULE` when a function's theta is outside [0, 1]
 */
export function theta(step: number, at: ThetaAt): number {
  const schedule = at.schedule ?? 'exponential';
  if (typeof schedule === 'function') return checkedTheta(schedule, step, at.steps);
  const parsed = shapeSchema.parse(typeof schedule === 'string' ? { type: schedule } : schedule);
  const shape = parsed.type === 'exponential' && at.gamma !== undefined ? { ...parsed, gamma: at.gamma } : parsed;
  return (1 - at.thetaBar) * decay(shape, step, at.steps) + at.thetaBar;
}

/** The value of a user's schedule, when it is a probability. */
export function checkedTheta(schedule: ThetaFunction, step: number, steps: number): number {
  const value = schedule(step, steps);
  if (value >= 0 && value <= 1) return value;
  throw new HooklineError('HOOKLINE_SCHEDULE', `the schedule's theta is ${value} at step ${step} of ${steps}`, { hint: 'answer with a number from 0 to 1' });
}

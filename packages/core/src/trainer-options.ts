import * as z from 'zod';
import { HooklineError } from './errors.js';
import { learnerSchema } from './learner-shape.js';
import { parseOptions } from './parse.js';
import type { TrainerOptions } from './trainer-types.js';

const object = (what: string) => z.custom<object>((value) => typeof value === 'object' && value !== null, `must be ${what}`);
const withMethods = (what: string, ...names: readonly string[]) =>
  z.custom<object>((value) => names.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'), `must be ${what}`);
const callable = z.custom((value) => typeof value === 'function', 'must be a function');

/** The options of `createTrainer`. */
export const trainerOptions = z.strictObject({
  learner: learnerSchema,
  plugins: z.array(object('a plugin: { name, … }')).optional(),
  steps: z.int().positive().optional(),
  epochs: z.number().positive().optional(),
  seed: z.int().nonnegative().optional(),
  run: z.string().min(1).optional(),
  store: withMethods('a checkpoint store: { save, load }', 'save', 'load').optional(),
  resume: z.union([z.boolean(), z.string().min(1)]).optional(),
  learningRate: z.number().nonnegative().optional(),
  hookTimeout: z.number().positive().optional(),
  signal: withMethods('an AbortSignal, e.g. controller.signal', 'throwIfAborted').optional(),
  services: callable.optional(),
});

/** @throws HooklineError `HOOKLINE_OPTIONS` naming the option of `createTrainer` that is wrong, and what is wrong with it */
export function checkTrainerOptions(options: TrainerOptions<any, any>): void {
  parseOptions('createTrainer', trainerOptions, options);
  if ((options.steps === undefined) === (options.epochs === undefined)) {
    throw new HooklineError('HOOKLINE_OPTIONS', 'createTrainer: give a length, in steps or in epochs, and not both', { hint: 'e.g. steps: 1000' });
  }
  if (options.resume && options.run === undefined && options.store === undefined) {
    throw new HooklineError('HOOKLINE_OPTIONS', 'createTrainer: there is nowhere to resume from', { hint: "give run: 'directory', or a store" });
  }
}

/** Optimizer steps of a run: each takes `accumulation` batches, and epochs are counted in batches. */
export function totalSteps(options: TrainerOptions<any, any>, accumulation: number): number {
  return options.steps ?? Math.ceil((options.epochs! * options.learner.data.batchesPerEpoch) / accumulation);
}

import { HooklineError, parseOptions } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

export const callable = z.custom((value) => typeof value === 'function', 'must be a function');
const object = z.custom<object>((value) => typeof value === 'object' && value !== null, 'must be an object');

/** Options of every learner here; what is in data and evaluation sets, `dataOf` says. */
export const commonOptions = {
  data: z.unknown().optional(),
  evaluation: z.record(z.string(), z.unknown()).optional(),
  /** Checked where it is chosen. */
  optimizer: z.unknown().optional(),
  defaults: z.array(object).optional(),
} as const;

/** Whether it is an optimizer of `tf.train`, or one of the user's own: `instanceof` of TensorFlow.js throws for what is no object. */
export const isOptimizer = (given: unknown): given is tf.Optimizer => typeof given === 'object' && given !== null && given instanceof tf.Optimizer;

/** Of the options of hookline's own optimizers, that which they do not have. @throws HooklineError `HOOKLINE_OPTIONS` */
export function checkNoRate(who: string, optimizer: unknown): void {
  const rate = ['learningRate', 'lr'].find((key) => typeof optimizer === 'object' && optimizer !== null && Object.hasOwn(optimizer, key));
  if (rate === undefined) return;
  throw new HooklineError('HOOKLINE_OPTIONS', `${who}: optimizer has an option '${rate}'`, {
    hint: "the rate is the trainer's: createTrainer({ learningRate }), or a plugin such as linearWarmup",
  });
}

const block = z.looseObject({ name: z.string().min(1), branches: z.array(z.string().min(1)), parameters: z.array(z.string()), cost: z.number().nonnegative() });

const functionLearnerOptions = z.strictObject({
  ...commonOptions,
  parameters: object,
  forward: callable,
  loss: z.custom((value) => typeof value === 'string' || typeof value === 'function', 'must be a name, or a function of output and target'),
  reduction: z.enum(['mean', 'sum']).optional(),
  blocks: z.array(block).optional(),
  metrics: z.record(z.string(), callable).optional(),
});

/** @throws HooklineError `HOOKLINE_OPTIONS` naming the option of `functionLearner` that is wrong, or the nearest to one that is not known */
export function checkFunctionLearner(options: unknown): void {
  const { optimizer } = parseOptions('functionLearner', functionLearnerOptions, options);
  if (typeof optimizer === 'string' || isOptimizer(optimizer)) {
    throw new HooklineError('HOOKLINE_OPTIONS', `functionLearner: optimizer is ${typeof optimizer === 'string' ? `'${optimizer}'` : 'an instance'}`, {
      hint: "give options, such as { type: 'adam' }; the rate is the trainer's: createTrainer({ learningRate })",
    });
  }
  checkNoRate('functionLearner', optimizer);
}

import { parseOptions } from '@hookline/core';
import * as z from 'zod';

const fraction = z.number().min(0).lt(1);

const common = {
  /** Decay of the first and second moment. */
  betas: z.tuple([fraction, fraction]).default([0.9, 0.999]),
  /** Added to the root of the second moment, outside the root. */
  epsilon: z.number().positive().default(1e-6),
  /** Decoupled weight decay, per unit of learning rate. */
  weightDecay: z.number().min(0).default(0.01),
  /** Parameters without weight decay; by default biases and LayerNorms, by their Hugging Face names. */
  noDecay: z.custom<(name: string) => boolean>((f) => typeof f === 'function', 'a function from a parameter name to true or false').optional(),
  /** Whether moments are divided by 1 − beta^t. The recipe published with layer dropping goes without. */
  biasCorrection: z.boolean().default(true),
};

const betas = z.tuple([fraction, fraction]).default([0.9, 0.999]);
/** 1e-7 is TensorFlow.js's, on engines of 32-bit floats. */
const epsilon = z.number().positive().default(1e-7);

/** The optimizers of TensorFlow.js, by its formulas and without weight decay. Step counts are one for all parameters, whatever a plan's `counter` says. */
const stock = [
  z.strictObject({ type: z.literal('sgd') }),
  z.strictObject({ type: z.literal('momentum'), momentum: z.number().min(0), nesterov: z.boolean().default(false) }),
  z.strictObject({
    type: z.literal('rmsprop'),
    decay: fraction.default(0.9),
    momentum: z.number().min(0).default(0),
    epsilon,
    centered: z.boolean().default(false),
  }),
  z.strictObject({ type: z.literal('adagrad'), initialAccumulator: z.number().positive().default(0.1), epsilon }),
  z.strictObject({ type: z.literal('adadelta'), rho: fraction.default(0.95), epsilon }),
  z.strictObject({ type: z.literal('adamax'), betas, epsilon, decay: z.number().min(0).default(0) }),
] as const;

const stockAdam = z.strictObject({ type: z.literal('adam'), betas, epsilon });

export const optimizerOptions = z.discriminatedUnion('type', [
  ...stock,
  stockAdam,
  z.strictObject({ type: z.literal('adamw'), ...common }),
  z.strictObject({
    type: z.literal('lamb'),
    ...common,
    /** Whether parameters without weight decay get a trust ratio too, as in the paper's algorithm; its authors' code excludes them, and so does the default. */
    trustAll: z.boolean().default(false),
  }),
]);

export type OptimizerOptions = z.input<typeof optimizerOptions>;
type Parsed = z.output<typeof optimizerOptions>;

/** Settings of the optimizers that are a formula over tensors, see `rules.ts`. */
export type RuleSettings = z.output<(typeof stock)[number]>;
type Decaying = Extract<Parsed, { readonly weightDecay: number }> & { readonly noDecay: (name: string) => boolean };
export type OptimizerSettings = Decaying | z.output<typeof stockAdam> | RuleSettings;

/** Biases and LayerNorms by their names in Hugging Face's BERT, which get no weight decay (Devlin et al. 2019). */
export const biasOrLayerNorm = (name: string): boolean => name.endsWith('bias') || name.includes('LayerNorm') || name.includes('layer_norm');

/** Checks options and fills in defaults; `HOOKLINE_OPTIONS` names the one that is wrong. */
export function parseOptimizer(options: OptimizerOptions): OptimizerSettings {
  const parsed = parseOptions('optimizer', optimizerOptions, options);
  return 'weightDecay' in parsed ? { ...parsed, noDecay: parsed.noDecay ?? biasOrLayerNorm } : parsed;
}

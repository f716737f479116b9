import { type Data, given, HooklineError, type Plugin, parseOptions, type Tensors } from '@hookline/core';
import type { EngineName, OptimizerOptions } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { type BertConfig, type BertConfigOptions, bertConfig, bertConfigOptions } from '../model/config.js';
import type { PretrainingBatch } from './batch.js';
import type { PretrainingObjective } from './objectives.js';

/** What a model is trained and evaluated on. */
export interface PretrainingSets {
  readonly train: Data<PretrainingBatch>;
  /** Batches with fixed masks by the name of their evaluation set, e.g. `heldOut`. */
  readonly evaluation?: Readonly<Record<string, readonly PretrainingBatch[]>>;
  /** Where given, the model's default for vocabSize. */
  readonly vocabSize?: number;
  /** Where given, the model's default for maxPositionEmbeddings. */
  readonly sequenceLength?: number;
  /** How often each token occurs in the training text, [vocabSize]; begins the decoder's bias. */
  readonly unigram?: ArrayLike<number>;
}

export type BertPretrainingOptions = BertConfigOptions & {
  readonly data: PretrainingSets;
  /** Default `['mlm']`. */
  readonly objective?: PretrainingObjective | readonly PretrainingObjective[];
  /** Sets hiddenDropoutProb and attentionProbsDropoutProb where they are not given. */
  readonly dropout?: number;
  /** `adamw` (default) or `lamb` with the recipe's numbers, or numbers of your own. */
  readonly optimizer?: 'adamw' | 'lamb' | OptimizerOptions;
  /** Key of the initial weights; default 0. */
  readonly seed?: number;
  /** Weights to begin with, e.g. from `bertWeights`, instead of new ones. */
  readonly weights?: Tensors;
  /** Default `auto`. */
  readonly engine?: EngineName | 'auto';
  /** The recipe's plugins; default: those of `pretrainingRecipe`. */
  readonly defaults?: readonly Plugin<tf.Tensor>[];
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const own = z.strictObject({
  data: z.custom<PretrainingSets>(
    (value) => isObject(value) && isObject((value as PretrainingSets).train),
    'expected { train, evaluation? }, see PretrainingSets',
  ),
  objective: z.union([z.enum(['mlm', 'nsp']), z.array(z.enum(['mlm', 'nsp'])).readonly()]).optional(),
  dropout: z.number().min(0).lt(1).optional(),
  optimizer: z.union([z.enum(['adamw', 'lamb']), z.custom<OptimizerOptions>(isObject, "expected 'adamw', 'lamb' or options with a type")]).optional(),
  seed: z.int().min(0).optional(),
  weights: z.custom<Tensors>(isObject, 'expected tensors by name').optional(),
  engine: z.enum(['auto', 'native', 'wasm', 'cpu']).optional(),
  defaults: z.array(z.custom<Plugin<tf.Tensor>>(isObject, 'expected a plugin')).readonly().optional(),
});

const options = z.strictObject({ ...bertConfigOptions.shape, ...own.shape });

/** Checked options: the model's configuration is complete, the rest as given or its default. */
export interface CheckedOptions {
  readonly config: BertConfig;
  readonly objectives: readonly PretrainingObjective[];
  readonly data: PretrainingSets;
  readonly optimizer: 'adamw' | 'lamb' | OptimizerOptions;
  readonly seed: number;
  readonly weights: Tensors | undefined;
  readonly engine: EngineName | 'auto';
  readonly defaults: readonly Plugin<tf.Tensor>[] | undefined;
}

/** @throws HooklineError HOOKLINE_OPTIONS, HOOKLINE_BERT_CONFIG */
export function checkOptions(value: BertPretrainingOptions): CheckedOptions {
  const {
    data,
    objective = 'mlm',
    dropout,
    optimizer = 'adamw',
    seed = 0,
    weights,
    engine = 'auto',
    defaults,
    ...config
  } = parseOptions('bertPretraining', options, value);
  const objectives = [...new Set(typeof objective === 'string' ? [objective] : objective)];
  if (!objectives.includes('mlm')) {
    throw new HooklineError('HOOKLINE_OPTIONS', "bertPretraining: option 'objective' lacks 'mlm'", { hint: "use ['mlm'] or ['mlm', 'nsp']" });
  }
  const ofData = given({
    vocabSize: data.vocabSize,
    maxPositionEmbeddings: data.sequenceLength,
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
  });
  return {
    config: bertConfig({ ...(ofData as BertConfigOptions), ...given(config as BertConfigOptions) }),
    objectives,
    data,
    optimizer,
    seed,
    weights,
    engine,
    defaults,
  };
}

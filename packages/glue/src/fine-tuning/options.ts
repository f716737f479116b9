import { HooklineError, nameList, type Plugin, parseOptions } from '@hookline/core';
import type { EngineName, OptimizerOptions } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import type { LabelledSet, TextTask } from '../tasks/task.js';
import type { PretrainedModel } from './classifier-weights.js';

const plain = z.strictObject({
  /** Rows a batch; default 16. */
  batchSize: z.int().min(1).default(16),
  /** Tokens that a row may have, special tokens included; default 128, or the model's positions where they are fewer. */
  maxLength: z.int().min(3).optional(),
  /** Whether examples of about the same length share a batch; default false. */
  bucketing: z.boolean().default(false),
  /** Whether each epoch has an order of its own; default true. */
  shuffle: z.boolean().default(true),
  /** Dropout of embeddings, branches, attention and head; default 0.1. */
  dropout: z.number().min(0).lt(1).default(0.1),
  /** Share of a target that is spread over all classes; default 0. */
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /** Weight of each class in the loss, in the order of the task's labels; or `balanced`, by how rare each is. Default: all count the same. */
  classWeights: z.union([z.literal('balanced'), z.array(z.number().positive()).readonly()]).optional(),
  /** `keep` the checkpoint's classifier where it has one for these labels (default), or train a `new` one. */
  head: z.enum(['keep', 'new']).default('keep'),
  /** Key of a new classifier and of the order of the examples; default 0. */
  seed: z.int().min(0).default(0),
  /** Default `auto`. */
  engine: z.enum(['auto', 'native', 'wasm', 'cpu']).default('auto') satisfies z.ZodType<EngineName | 'auto'>,
});

/** Options of fine-tuning that a file can hold. */
export type FineTuningSettings = z.input<typeof plain>;

export interface FineTuningOptions extends FineTuningSettings {
  readonly task: TextTask;
  readonly model: PretrainedModel;
  readonly train: Pick<LabelledSet, 'examples' | 'source'>;
  /** Sets by the name under which they are evaluated, e.g. `dev`. */
  readonly evaluation?: Readonly<Record<string, Pick<LabelledSet, 'examples' | 'source'>>>;
  /** AdamW or LAMB with numbers of your own; default: the recipe's. */
  readonly optimizer?: OptimizerOptions;
  /** The recipe's plugins; default: those of `fineTuningRecipe`. */
  readonly defaults?: readonly Plugin<tf.Tensor>[];
}

/** @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_BERT_POSITIONS`, `HOOKLINE_LABELS` where a set has examples without labels, or none at all */
export function checkFineTuning(options: FineTuningOptions) {
  const { task, model, train, evaluation = {}, optimizer, defaults, ...rest } = options;
  const settings = parseOptions('fineTuning', plain, rest);
  const { labelSmoothing, classWeights } = settings;
  const { target } = task;
  const most = model.config.maxPositionEmbeddings;
  const maxLength = settings.maxLength ?? Math.min(128, most);
  if (maxLength > most) {
    throw new HooklineError('HOOKLINE_BERT_POSITIONS', `sequences of ${maxLength} tokens exceed the model's ${most} positions`, {
      hint: `give maxLength at most ${most}`,
    });
  }
  if (target.kind === 'number' && (labelSmoothing > 0 || classWeights !== undefined)) {
    throw new HooklineError('HOOKLINE_OPTIONS', `labelSmoothing and classWeights are for classes, and ${task.name} predicts a number`, {
      hint: 'leave them out',
    });
  }
  if (target.kind === 'classes' && Array.isArray(classWeights) && classWeights.length !== target.labels.length) {
    throw new HooklineError('HOOKLINE_OPTIONS', `there are ${classWeights.length} classWeights for ${target.labels.length} classes`, {
      hint: `give one for each of: ${nameList(target.labels)}`,
    });
  }
  for (const set of [train, ...Object.values(evaluation)]) requireLabels(set);
  return { ...settings, maxLength, task, model, train, evaluation, optimizer, defaults };
}

/** @throws HooklineError `HOOKLINE_LABELS` where a set has examples without labels, or none at all */
export function requireLabels({ examples, source }: Pick<LabelledSet, 'examples' | 'source'>): void {
  if (examples.length === 0) throw new HooklineError('HOOKLINE_LABELS', `${source} has no examples`, { hint: 'give a set with at least one' });
  const without = examples.find(({ label }) => label === undefined);
  if (!without) return;
  throw new HooklineError('HOOKLINE_LABELS', `${source} has no labels (row ${without.index}): it can be predicted, not scored or learnt from`, {
    hint: 'use a set with labels, such as dev',
  });
}

import { lengthSchema, positiveLengthSchema } from '@hookline/core';
import { metricNames } from '@hookline/glue';
import { layerDropOptions, pldOptions, stochasticDepthOptions } from '@hookline/pld-plugin';
import * as z from 'zod';
import { allowedFaults } from '../pretrain/config.js';
import { telemetrySchema } from '../telemetry/telemetry.js';

const whole = (least: number) => z.int().min(least);
const path = z.string().min(1);

/** A user's own files. */
const own = z.strictObject({
  train: path.describe('file of the training set: .tsv, .csv or .jsonl'),
  dev: path.describe('file of the set to evaluate on'),
  test: path.optional().describe('file of texts to predict, or to score where it has labels'),
  text: path.describe('column of the text'),
  text2: path.optional().describe('column of the second text of a pair'),
  label: path.describe('column of the label'),
  target: z
    .enum(['classes', 'number'])
    .optional()
    .describe('what the labels stand for; default: classes, unless they are numbers and one of them is not whole'),
  metrics: z
    .array(z.enum(metricNames))
    .min(1)
    .optional()
    .describe('what the score is the mean of; default: accuracy of classes, Pearson and Spearman of a number'),
});

/** A fine-tuning run. The names are those of the config file. */
export const finetuneConfig = z
  .strictObject({
    task: path.optional().describe('a GLUE task, e.g. rte'),
    data: path.default('data/glue').describe('folder with a folder for each GLUE task'),
    own: own.optional().describe('files of your own, instead of a GLUE task'),
    checkpoint: path.describe('a folder as transformers saves it, a name on the hub, or the directory of a run'),
    allow: allowedFaults,
    head: z.enum(['keep', 'new']).default('keep').describe("keep the checkpoint's classifier where it has one for these labels, or train a new one"),
    maxLength: whole(3).optional().describe("tokens that a row may have; default 128, or the model's positions where they are fewer"),
    batchSize: whole(1).default(16).describe('rows a batch'),
    bucketing: z.boolean().default(false).describe('whether examples of about the same length share a batch'),
    epochs: z.number().positive().optional().describe('default 3; 5 for MRPC and WNLI'),
    dropout: z.number().min(0).lt(1).default(0.1),
    labelSmoothing: z.number().min(0).lt(1).default(0),
    classWeights: z.union([z.literal('balanced'), z.array(z.number().positive())]).optional(),
    learningRate: z
      .strictObject({
        schedule: z.enum(['constant', 'linear', 'cosine']).default('linear').describe('shape after the warm-up'),
        peak: z.number().positive().optional().describe("greatest rate; default: the recipe's for the model's width"),
        warmup: lengthSchema.default(0.1).describe('length of the warm-up, steps or a share of the run'),
      })
      .default({ schedule: 'linear', warmup: 0.1 }),
    clip: z.number().positive().default(1).describe('largest global norm of the gradients'),
    recompute: z
      .boolean()
      .default(false)
      .describe('gradient checkpointing: blocks keep their input alone and run once more in the backward pass, for less memory'),
    seed: whole(0).default(0).describe('key of the new classifier, the order of the data, dropout and gates'),
    pld: pldOptions.optional().describe('progressive layer dropping, with its options'),
    layerDrop: layerDropOptions.optional().describe('LayerDrop, with its options'),
    stochasticDepth: stochasticDepthOptions.optional().describe('stochastic depth, with its options'),
    evaluation: z
      .strictObject({ every: positiveLengthSchema.optional().describe('steps, or a share of the run, between two evaluations; default: an epoch') })
      .default({}),
    telemetry: telemetrySchema.optional().describe('what the run tells besides its metrics'),
    engine: z.enum(['auto', 'native', 'wasm', 'cpu']).default('auto').describe('what computes; `hookline engines` lists them'),
  })
  .superRefine((config, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    const methods = (['pld', 'layerDrop', 'stochasticDepth'] as const).filter((method) => config[method] !== undefined);
    if (methods.length > 1) refuse(methods[1]!, `cannot be used beside ${methods[0]}: both plan which blocks run`);
    if (config.task === undefined && config.own === undefined) refuse('task', 'is needed, unless files of your own are given');
    if (config.task !== undefined && config.own !== undefined) refuse('own', 'cannot be given beside a task');
  });

/** Checked, with defaults. */
export type FinetuneConfig = z.output<typeof finetuneConfig>;

/** The configuration as a JSON Schema (draft 2020-12), for editors. */
export function finetuneJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(finetuneConfig, { io: 'input', unrepresentable: 'any' }) as Readonly<Record<string, unknown>>;
}

/** Epochs where none are given: 3, and 5 for the two small tasks that Hugging Face's example trains longer. */
export const epochsOf = ({ epochs, task }: Pick<FinetuneConfig, 'epochs' | 'task'>): number =>
  epochs ?? (['mrpc', 'wnli'].includes(task?.toLowerCase() ?? '') ? 5 : 3);

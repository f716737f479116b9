import { bertConfigOptions } from '@hookline/bert';
import { lengthSchema, positiveLengthSchema } from '@hookline/core';
import { layerDropOptions, pldOptions, stochasticDepthOptions } from '@hookline/pld-plugin';
import * as z from 'zod';
import { telemetrySchema } from '../telemetry/telemetry.js';
import { parseDuration } from './duration.js';

const whole = (least: number) => z.int().min(least);

/** Steps of a run whose length is not given. */
export const defaultSteps = 1000;

/** Seconds, or a text such as `10m`; seconds after parsing. */
const duration = z.union([
  z.number().positive(),
  z.string().transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined) return seconds;
    context.issues.push({ code: 'custom', input: text, message: 'must be seconds, or a duration such as 90s, 10m or 1.5h' });
    return z.NEVER;
  }),
]);

/** What a vocabulary is made of, where none is given. */
const vocabulary = z.strictObject({
  file: z.string().min(1).optional().describe('vocab.txt, tokenizer.json, or a folder with one of them; default: a vocabulary is trained on the corpus'),
  size: whole(1).default(8000).describe('tokens of the vocabulary that is trained, where no file is given; default 8000'),
  lowercase: z.boolean().default(true).describe('whether the trained vocabulary is lowercased; default true'),
});

const corpus = z.strictObject({
  source: z.string().min(1).default('sotu').describe("'sotu' (State of the Union speeches), or the path of a text file, of JSON lines or of a folder"),
  documents: z.enum(['blankLines', 'files']).optional().describe('what ends a document in text files; default: blank lines in one file, the file in a folder'),
  sentences: z.enum(['unicode', 'lines']).default('unicode').describe('how sentences are found; `lines`: each line is one'),
  field: z.string().min(1).default('text').describe('field of the text in JSON lines'),
  heldOut: z.number().gt(0).lt(1).default(0.05).describe('share of the documents to hold out; of sotu, whole years are held out'),
  cache: z
    .string()
    .min(1)
    .optional()
    .describe('folder for tokens and a trained vocabulary; default: corpora under 64 MiB are held in memory, larger ones go to the cache folder of the user'),
});

/** In what a checkpoint's weights may differ from its configuration, as `readPretrained` takes it. */
export const allowedFaults = z
  .array(z.enum(['missing', 'surplus', 'shape', 'vocabulary']))
  .default([])
  .describe('in what the weights may differ from their configuration; what is missing or misshapen is then made anew, what is surplus left out');

const checkpoint = z.strictObject({
  source: z.string().min(1).describe("a folder as Hugging Face's transformers saves it, a name on its hub, a run, or a checkpoint of a run"),
  slot: z.string().min(1).optional().describe('of a run: `trained` weights or a slot of averaged ones; default: `ema` where the run kept it'),
  allow: allowedFaults,
});

const rate = z.strictObject({
  schedule: z.enum(['constant', 'linear', 'cosine']).default('linear').describe('shape after the warm-up'),
  peak: z.number().positive().optional().describe("greatest rate; default: the recipe's for the model's size and norm, at most 1e-4 from a checkpoint"),
  warmup: lengthSchema.optional().describe("length of the warm-up, steps or a share of the run; default: the recipe's"),
});

/** What a run may change of a model that it goes on with. */
const mayDiffer = new Set(['hiddenDropoutProb', 'attentionProbsDropoutProb']);

/** A pre-training run. The names are those of the config file; every key has a default. */
export const pretrainConfig = z
  .strictObject({
    corpus: corpus.default(corpus.parse({})),
    vocabulary: vocabulary.default(vocabulary.parse({})),
    checkpoint: checkpoint.optional().describe('weights and tokenizer to go on from, instead of new ones; they also say what the model is'),
    model: bertConfigOptions
      .omit({ vocabSize: true, maxPositionEmbeddings: true })
      .default({})
      .describe("the model, under Hugging Face's names; `size` sets the usual ones"),
    objective: z
      .array(z.enum(['mlm', 'nsp']))
      .min(1)
      .default(['mlm'])
      .describe('what is learnt'),
    sequenceLength: whole(8).max(65_536).default(128).describe('tokens a row'),
    batchSize: whole(1).default(8).describe('rows a batch'),
    maskedPerRow: whole(1).optional().describe('masked positions a row; default: 15 % of the row, rounded up'),
    wholeWord: z.boolean().default(false).describe('whether the pieces of a word are masked together'),
    accumulation: whole(1).default(1).describe('batches a step'),
    steps: whole(1).optional().describe(`optimizer steps; default ${defaultSteps}, unless budget is given`),
    budget: duration.optional().describe('time for the training, e.g. 10m, or seconds; steps are then chosen from measured time'),
    seed: whole(0).default(0).describe('key of data order, masks, dropout, gates and initial weights'),
    optimizer: z.enum(['adamw', 'lamb']).default('adamw'),
    learningRate: rate.default(rate.parse({})),
    clip: z.number().positive().default(1).describe('largest global norm of the gradients'),
    recompute: z
      .boolean()
      .default(false)
      .describe('gradient checkpointing: blocks keep their input alone and run once more in the backward pass, for less memory'),
    ema: z.number().min(0).lt(1).optional().describe('decay of a moving average of the weights, which is then what is evaluated'),
    pld: pldOptions.optional().describe('progressive layer dropping, with its options'),
    layerDrop: layerDropOptions.optional().describe('LayerDrop, with its options'),
    stochasticDepth: stochasticDepthOptions.optional().describe('stochastic depth, with its options'),
    evaluation: z
      .strictObject({
        every: positiveLengthSchema.default(0.1).describe('steps, or a share of the run, between two evaluations'),
        batches: whole(1).default(32).describe('held-out batches'),
      })
      .default({ every: 0.1, batches: 32 }),
    checkpoints: z
      .strictObject({
        every: positiveLengthSchema.default(0.1).describe('steps, or a share of the run, between two checkpoints'),
        keep: whole(1).default(2).describe('how many of the newest are kept'),
        best: z.boolean().default(false).describe('whether the best by held-out MLM loss is kept besides'),
      })
      .default({ every: 0.1, keep: 2, best: false }),
    telemetry: telemetrySchema.optional().describe('what the run tells besides its metrics'),
    engine: z.enum(['auto', 'native', 'wasm', 'cpu']).default('auto').describe('what computes; `hookline engines` lists them'),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const methods = (['pld', 'layerDrop', 'stochasticDepth'] as const).filter((method) => config[method] !== undefined);
    if (methods.length > 1) refuse(methods[1]!, `cannot be used beside ${methods[0]}: both plan which blocks run`);
    if (config.steps !== undefined && config.budget !== undefined) refuse('budget', 'cannot be given beside steps');
    if (!config.objective.includes('mlm')) refuse('objective', "must have 'mlm'");
    const shape = Object.keys(config.model).find((key) => !mayDiffer.has(key));
    if (config.checkpoint && shape !== undefined) {
      context.addIssue({ code: 'custom', path: ['model', shape], message: 'cannot be given beside checkpoint, which says what the model is' });
    }
    if ((config.maskedPerRow ?? 1) > config.sequenceLength) refuse('maskedPerRow', `must be at most the sequence length, ${config.sequenceLength}`);
  });

/** What a user writes. */
export type PretrainInput = z.input<typeof pretrainConfig>;
/** Checked, with defaults. */
export type PretrainConfig = z.output<typeof pretrainConfig>;

/** A configuration whose number of steps is decided. */
export type CompleteConfig = PretrainConfig & { readonly steps: number };

/** The configuration as a JSON Schema (draft 2020-12), for editors. Functions, which a file cannot hold, are left open. */
export function pretrainJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(pretrainConfig, { io: 'input', unrepresentable: 'any' }) as Readonly<Record<string, unknown>>;
}

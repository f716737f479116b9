import { given, HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { type BertConfig, bertConfig } from './config.js';

/**
 * The two model types of Hugging Face that are BERTs as trained here: `bert` is PostLN, the original; `roberta-prelayernorm` is PreLN with a final
 * LayerNorm, position numbers that begin after the padding token's id, and a head of two layers over the first token.
 */
export type HubModelType = 'bert' | 'roberta-prelayernorm';

/** What a model predicts: masked words, these and whether sentences follow (PostLN alone), labels or a score of a text, or nothing (hidden states). */
export type HubHead = 'mlm' | 'pretraining' | 'classifier' | 'none';

/** What a classifier's rows mean. */
export interface Labels {
  /** By row. A regression has one row. */
  readonly names: readonly string[];
  /** Whether the one row is a score; default false. */
  readonly regression?: boolean;
}

/** The names of transformers for labels that have none. */
export const unnamedLabels = (count: number): Labels => ({ names: Array.from({ length: count }, (_, id) => `LABEL_${id}`) });

/** A Hugging Face configuration, as far as it shapes a model. */
export interface HubConfig {
  readonly modelType: HubModelType;
  readonly config: BertConfig;
  /** Rows of the position table that stand before position 0: none for `bert`, padding's and those below it for `roberta-prelayernorm`. */
  readonly positionOffset: number;
  /** What the file says of a classifier, if it says anything that can be used. */
  readonly labels: Labels | undefined;
  /** Why what it says cannot be used: of matter only where there is a classifier. */
  readonly labelsFault?: HooklineError;
}

const size = z.int().min(1);
const share = z.number().min(0).lt(1);

/** Keys that are missing or null have the defaults of Hugging Face's own classes, where those are the same for everybody. */
const schema = z.object({
  model_type: z.enum(['bert', 'roberta-prelayernorm'], "only 'bert' and 'roberta-prelayernorm' can be read").default('bert'),
  hidden_size: size,
  num_hidden_layers: z.int().min(0),
  num_attention_heads: size,
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: size.default(512),
  type_vocab_size: size.default(2),
  hidden_act: z.literal('gelu', "only 'gelu' is supported").default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_dropout_prob: share.default(0.1),
  attention_probs_dropout_prob: share.default(0.1),
  initializer_range: z.number().positive().default(0.02),
  position_embedding_type: z.literal('absolute', 'only absolute positions are supported').default('absolute'),
  is_decoder: z.literal(false, 'decoders are not supported').default(false),
  pad_token_id: z.int().min(0).optional(),
});

const labelId = z.string().regex(/^\d+$/);

/** What is said of a classifier. Names that were written without quotes are taken as text. */
const labelsSchema = z.object({
  id2label: z.record(labelId, z.union([z.string(), z.number().transform(String)])).optional(),
  label2id: z.record(z.string(), z.int().min(0)).optional(),
  problem_type: z.string().optional(),
  num_labels: size.optional(),
});

const withoutNulls = (json: unknown): unknown =>
  typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null)) : json;

/** The model type of a configuration that says none but names the class that it was saved from: old BERTs, and only these, are taken for BERTs. */
function modelTypeOf(json: unknown, source: string): { readonly model_type?: HubModelType } {
  const { model_type: type, architectures: classes } = Object(json) as { readonly model_type?: unknown; readonly architectures?: unknown };
  const name: unknown = Array.isArray(classes) ? classes[0] : undefined;
  if (type !== undefined || typeof name !== 'string') return {};
  if (/^(TF|Flax)?RobertaPreLayerNorm/.test(name)) return { model_type: 'roberta-prelayernorm' };
  if (/^(TF|Flax)?Bert(Model|For|LMHead)/.test(name)) return { model_type: 'bert' };
  throw new HooklineError(
    'HOOKLINE_BERT_CONFIG',
    `${source}: no 'model_type', and the architecture is ${name}: only 'bert' and 'roberta-prelayernorm' can be read`,
  );
}

/** By id; of the two keys `id2label` goes first, as transformers name what they predict by it. */
function labelNames({ id2label, label2id, num_labels: count }: z.output<typeof labelsSchema>, source: string): readonly string[] | undefined {
  const pairs = id2label
    ? Object.entries(id2label).map(([id, name]) => [Number(id), name] as const)
    : Object.entries(label2id ?? {}).map(([name, id]) => [id, name] as const);
  const byId = new Map(pairs);
  if (pairs.length === 0) return count === undefined ? undefined : unnamedLabels(count).names;
  const names = pairs.map((_, id) => byId.get(id));
  const missing = names.indexOf(undefined);
  if (missing >= 0) {
    throw new HooklineError(
      'HOOKLINE_BERT_CONFIG',
      `${source}: '${id2label ? 'id2label' : 'label2id'}' has ${pairs.length} labels and none with id ${missing}`,
      {
        hint: `number them from 0 to ${pairs.length - 1}`,
      },
    );
  }
  return names as readonly string[];
}

function labelsOf(json: unknown, source: string): Pick<HubConfig, 'labels' | 'labelsFault'> {
  try {
    const hub = parseOptions(source, labelsSchema, json, 'HOOKLINE_BERT_CONFIG');
    const names = labelNames(hub, source);
    return { labels: names && { names, ...(hub.problem_type === 'regression' ? { regression: true } : {}) } };
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return { labels: undefined, labelsFault: error };
  }
}

/**
 * The model that a Hugging Face `config.json` describes.
 * @param json the parsed file
 * @param source what to call the file in errors
 * @throws HooklineError `HOOKLINE_BERT_CONFIG` that names the key: another kind of model, or a number that is missing or out of range; what is wrong
 *   with labels is told in the answer
 */
export function fromHubConfig(json: unknown, source = 'config.json'): HubConfig {
  const said = withoutNulls(json);
  const hub = parseOptions(source, schema, typeof said === 'object' ? { ...said, ...modelTypeOf(said, source) } : said, 'HOOKLINE_BERT_CONFIG');
  const norm = hub.model_type === 'bert' ? 'post' : 'pre';
  const positionOffset = norm === 'post' ? 0 : (hub.pad_token_id ?? 1) + 1;
  if (hub.max_position_embeddings <= positionOffset) {
    throw new HooklineError('HOOKLINE_BERT_CONFIG', `${source}: of ${hub.max_position_embeddings} positions ${positionOffset} are padding's`, {
      hint: 'check max_position_embeddings and pad_token_id',
    });
  }
  const config = bertConfig({
    norm,
    hiddenSize: hub.hidden_size,
    numHiddenLayers: hub.num_hidden_layers,
    numAttentionHeads: hub.num_attention_heads,
    intermediateSize: hub.intermediate_size,
    vocabSize: hub.vocab_size,
    maxPositionEmbeddings: hub.max_position_embeddings - positionOffset,
    typeVocabSize: hub.type_vocab_size,
    hiddenAct: hub.hidden_act,
    layerNormEps: hub.layer_norm_eps,
    hiddenDropoutProb: hub.hidden_dropout_prob,
    attentionProbsDropoutProb: hub.attention_probs_dropout_prob,
    initializerRange: hub.initializer_range,
  });
  return { modelType: hub.model_type, config, positionOffset, ...labelsOf(said, source) };
}

const architectures: Readonly<Record<HubModelType, Readonly<Record<HubHead, string>>>> = {
  bert: { mlm: 'BertForMaskedLM', pretraining: 'BertForPreTraining', classifier: 'BertForSequenceClassification', none: 'BertModel' },
  'roberta-prelayernorm': {
    mlm: 'RobertaPreLayerNormForMaskedLM',
    pretraining: 'RobertaPreLayerNormForMaskedLM',
    classifier: 'RobertaPreLayerNormForSequenceClassification',
    none: 'RobertaPreLayerNormModel',
  },
};

export interface ToHubConfigOptions {
  /** Default `none`. */
  readonly head?: HubHead;
  /** Id of the padding token; default 0. */
  readonly padTokenId?: number;
  /** Of the classifier. */
  readonly labels?: Labels | undefined;
}

/** The configuration as Hugging Face's `config.json`: PostLN as `bert`, PreLN as `roberta-prelayernorm`. `fromHubConfig` reads it back. */
export function toHubConfig(config: BertConfig, { head = 'none', padTokenId = 0, labels }: ToHubConfigOptions = {}): Readonly<Record<string, unknown>> {
  const modelType: HubModelType = config.norm === 'post' ? 'bert' : 'roberta-prelayernorm';
  return given({
    architectures: [architectures[modelType][head]],
    model_type: modelType,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    intermediate_size: config.intermediateSize,
    vocab_size: config.vocabSize,
    max_position_embeddings: config.maxPositionEmbeddings + (modelType === 'bert' ? 0 : padTokenId + 1),
    type_vocab_size: config.typeVocabSize,
    hidden_act: config.hiddenAct,
    layer_norm_eps: config.layerNormEps,
    hidden_dropout_prob: config.hiddenDropoutProb,
    attention_probs_dropout_prob: config.attentionProbsDropoutProb,
    initializer_range: config.initializerRange,
    pad_token_id: padTokenId,
    bos_token_id: null,
    eos_token_id: null,
    tie_word_embeddings: true,
    dtype: 'float32',
    id2label: labels && Object.fromEntries(labels.names.map((name, id) => [id, name])),
    label2id: labels && Object.fromEntries(labels.names.map((name, id) => [name, id])),
    problem_type: labels && (labels.regression ? 'regression' : 'single_label_classification'),
  });
}

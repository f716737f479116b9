import { HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import { z } from 'zod';
import { type BertConfig, type BertConfigOptions, bertConfig } from './config.js';
import { type BertHeads, parameterShapes } from './parameters.js';

/** The keys of Hugging Face's `config.json` that shape a BERT; others are passed over. */
const hubConfig = z.object({
  model_type: z.literal('bert'),
  hidden_size: z.int(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  intermediate_size: z.int(),
  vocab_size: z.int(),
  max_position_embeddings: z.int(),
  type_vocab_size: z.int(),
  hidden_act: z.literal('gelu'),
  layer_norm_eps: z.number(),
  hidden_dropout_prob: z.number(),
  attention_probs_dropout_prob: z.number(),
  initializer_range: z.number(),
});

/**
 * The configuration that a Hugging Face `config.json` describes: PostLN, unless its `norm` says `pre` (our own files say so).
 * @param json the parsed file
 * @throws HooklineError HOOKLINE_BERT_CONFIG where it is no BERT or a number is missing
 */
export function fromHubConfig(json: unknown): BertConfig {
  const parsed = hubConfig.extend({ norm: z.enum(['pre', 'post']).optional() }).safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HooklineError('HOOKLINE_BERT_CONFIG', `config.json, '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'invalid'}`, {
      hint: 'only models of type bert with gelu can be read',
    });
  }
  const hub = parsed.data;
  return bertConfig({
    norm: hub.norm ?? 'post',
    hiddenSize: hub.hidden_size,
    numHiddenLayers: hub.num_hidden_layers,
    numAttentionHeads: hub.num_attention_heads,
    intermediateSize: hub.intermediate_size,
    vocabSize: hub.vocab_size,
    maxPositionEmbeddings: hub.max_position_embeddings,
    typeVocabSize: hub.type_vocab_size,
    hiddenAct: hub.hidden_act,
    layerNormEps: hub.layer_norm_eps,
    hiddenDropoutProb: hub.hidden_dropout_prob,
    attentionProbsDropoutProb: hub.attention_probs_dropout_prob,
    initializerRange: hub.initializer_range,
  } satisfies BertConfigOptions);
}

/** The configuration as Hugging Face's `config.json`, with `norm` beside its keys. `fromHubConfig` reads it back. */
export function toHubConfig(config: BertConfig): Readonly<Record<string, unknown>> {
  return {
    architectures: ['BertForPreTraining'],
    model_type: 'bert',
    norm: config.norm,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    intermediate_size: config.intermediateSize,
    vocab_size: config.vocabSize,
    max_position_embeddings: config.maxPositionEmbeddings,
    type_vocab_size: config.typeVocabSize,
    hidden_act: config.hiddenAct,
    layer_norm_eps: config.layerNormEps,
    hidden_dropout_prob: config.hiddenDropoutProb,
    attention_probs_dropout_prob: config.attentionProbsDropoutProb,
    initializer_range: config.initializerRange,
    pad_token_id: 0,
    tie_word_embeddings: true,
  };
}

/** Today's name of a tensor in a BERT file: `BertModel` saves without the prefix, files of TensorFlow times say gamma and beta. */
function canonicalName(name: string): string {
  const modern = name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  return /^(embeddings|encoder|pooler)\./.test(modern) ? `bert.${modern}` : modern;
}

export interface WeightsOptions {
  readonly heads?: BertHeads;
  /** Values for parameters that the file lacks, e.g. of heads that were never trained; without it a missing parameter is an error. */
  readonly otherwise?: Tensors;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/**
 * The model's parameters from the tensors of a Hugging Face file (see core's `decodeSafetensors`). Tensors that the model has
 * no use for (a copy of the tied decoder weight, position ids, other heads) are left out.
 * @throws HooklineError HOOKLINE_BERT_WEIGHTS that names a missing tensor or one of another shape
 */
export function bertWeights(file: Tensors, config: BertConfig, options: WeightsOptions = {}): Tensors {
  const found = new Map(Object.entries(file).map(([name, tensor]) => [canonicalName(name), tensor]));
  const entries = Object.entries(parameterShapes(config, options.heads)).map(([name, shape]): [string, NamedTensor] => {
    const tensor = found.get(name) ?? options.otherwise?.[name];
    if (!tensor) {
      throw new HooklineError('HOOKLINE_BERT_WEIGHTS', `the file has no tensor '${name}'`, { hint: 'check norm, numHiddenLayers and heads against the file' });
    }
    if (!sameShape(tensor.shape, shape)) {
      throw new HooklineError('HOOKLINE_BERT_WEIGHTS', `'${name}' is [${tensor.shape.join(', ')}] in the file, the model needs [${shape.join(', ')}]`, {
        hint: 'use the configuration that the file was saved with',
      });
    }
    return [name, { shape, data: Float32Array.from(tensor.data) }];
  });
  return Object.fromEntries(entries);
}

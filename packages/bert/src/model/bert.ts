import type { Block, BlockScope } from '@hookline/core';
import { attention, dropout, embedding, gelu, layerNorm, linear, type Parameters, tensorSeed } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { BertConfig } from './config.js';
import { blockName, embeddings, finalLayerNorm, layerPrefix } from './parameters.js';
import { runPart } from './part.js';

/** A BERT: its configuration, and its parameters by Hugging Face's name. */
export interface BertModel {
  readonly config: BertConfig;
  readonly parameters: Pick<Parameters, 'get'>;
  /** Where it is there, embeddings and heads are compiled on the engine that can, and this object owns what is recorded: see `freeOwned`. */
  readonly compiled?: object;
}

/** Sequences on the engine. */
export interface BertInput {
  readonly inputIds: tf.Tensor; // int32 [B·S]
  readonly tokenTypeIds: tf.Tensor; // int32 [B·S]
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: tf.Tensor; // [B, S]
}

/** Whether dropout is on, and its key in this step and micro-batch. */
export interface ForwardContext {
  readonly mode: 'train' | 'evaluate';
  readonly seed: readonly [number, number];
}

/** Tells the dropouts that share a seed apart. */
export const salts = { attentionProbabilities: 0, attentionOutput: 1, ffnOutput: 2, embeddings: 3, headInput: 4, pooled: 5 } as const;

/** The linear layer of that name: [..., in] to [..., out]. */
export const dense = (model: BertModel, name: string, x: tf.Tensor): tf.Tensor =>
  linear(x, model.parameters.get(`${name}.weight`), model.parameters.get(`${name}.bias`));

/** The LayerNorm of that name; any shape [..., H]. */
export const norm = (model: BertModel, name: string, x: tf.Tensor): tf.Tensor =>
  layerNorm(x, model.parameters.get(`${name}.weight`), model.parameters.get(`${name}.bias`), model.config.layerNormEps);

/** Dropout in training. */
export const drop = (x: tf.Tensor, rate: number, context: ForwardContext, salt: number): tf.Tensor =>
  context.mode === 'train' ? dropout(x, rate, context.seed, salt) : x;

/** Word + position + token type, normalized (in PreLN too, as DeepSpeed's modelingpreln.py), dropout: ids [B·S] to [B·S, H]. */
export function embed(model: BertModel, input: BertInput, context: ForwardContext): tf.Tensor {
  const [batch, length] = input.attentionMask.shape as [number, number];
  const seed = tf.tensor1d([context.seed[0] | 0, context.seed[1] | 0], 'int32');
  return runPart(model, 'embeddings', 'embeddings', lookUp, input.inputIds, input.tokenTypeIds, batch, length, context.mode, seed);
}

function lookUp(
  model: BertModel,
  inputIds: tf.Tensor,
  tokenTypeIds: tf.Tensor,
  batch: number,
  length: number,
  mode: ForwardContext['mode'],
  seed: tf.Tensor,
): tf.Tensor {
  const { hiddenSize, hiddenDropoutProb } = model.config;
  const words = embedding(model.parameters.get(`${embeddings}.word_embeddings.weight`), inputIds); // [B·S, H]
  const types = embedding(model.parameters.get(`${embeddings}.token_type_embeddings.weight`), tokenTypeIds); // [B·S, H]
  const positions = tf.slice(model.parameters.get(`${embeddings}.position_embeddings.weight`), [0, 0], [length, hiddenSize]); // [S, H]
  const sum = tf.add(tf.reshape(tf.add(words, types), [batch, length, hiddenSize]), positions); // [B, S, H]
  const normal = norm(model, `${embeddings}.LayerNorm`, tf.reshape(sum, [batch * length, hiddenSize]));
  return drop(normal, hiddenDropoutProb, { mode, seed: tensorSeed(seed) }, salts.embeddings);
}

/** Self-attention of a layer with its output projection and dropout, without the residual: x [B·S, H], mask [B, S]. */
function selfAttention(model: BertModel, layer: number, x: tf.Tensor, mask: tf.Tensor, context: ForwardContext): tf.Tensor {
  const { hiddenSize, numAttentionHeads, attentionProbsDropoutProb, hiddenDropoutProb } = model.config;
  const prefix = `${layerPrefix(layer)}.attention`;
  const [batch, length] = mask.shape as [number, number];
  const project = (name: string) => tf.reshape(dense(model, `${prefix}.self.${name}`, x), [batch, length, hiddenSize]); // [B, S, H]
  const seen = attention(project('query'), project('key'), project('value'), {
    heads: numAttentionHeads,
    mask,
    dropout: context.mode === 'train' ? { rate: attentionProbsDropoutProb, seed: context.seed, salt: salts.attentionProbabilities } : undefined,
  });
  const output = dense(model, `${prefix}.output.dense`, tf.reshape(seen, [batch * length, hiddenSize])); // [B·S, H]
  return drop(output, hiddenDropoutProb, context, salts.attentionOutput);
}

/** Feed-forward of a layer with its dropout, without the residual: x [B·S, H]. */
function feedForward(model: BertModel, layer: number, x: tf.Tensor, context: ForwardContext): tf.Tensor {
  const inner = gelu(dense(model, `${layerPrefix(layer)}.intermediate.dense`, x)); // [B·S, intermediateSize]
  return drop(dense(model, `${layerPrefix(layer)}.output.dense`, inner), model.config.hiddenDropoutProb, context, salts.ffnOutput);
}

/**
 * The body of a block. PreLN: h = x + g·ATTN(LN(x)), y = h + g·FFN(LN(h)); PostLN: h = LN(x + g·ATTN(x)), y = LN(h + g·FFN(h)),
 * the LayerNorm being part of the branch.
 */
function layerBody(model: BertModel, layer: number) {
  const attentionNorm = (x: tf.Tensor) => norm(model, `${layerPrefix(layer)}.attention.output.LayerNorm`, x);
  const outputNorm = (x: tf.Tensor) => norm(model, `${layerPrefix(layer)}.output.LayerNorm`, x);
  return (x: tf.Tensor, scope: BlockScope<tf.Tensor>, mask: tf.Tensor): tf.Tensor => {
    const attend = (input: tf.Tensor) => selfAttention(model, layer, input, mask, scope);
    const forward = (input: tf.Tensor) => feedForward(model, layer, input, scope);
    if (model.config.norm === 'pre') {
      const h = scope.branch('attention', x, (input) => attend(attentionNorm(input)));
      return scope.branch('ffn', h, (input) => forward(outputNorm(input)));
    }
    const h = scope.branch('attention', x, attend, attentionNorm);
    return scope.branch('ffn', h, forward, outputNorm);
  };
}

/**
 * Embeddings and blocks, and in PreLN the final LayerNorm: the last hidden states, [B·S, H].
 * Each layer is a block `encoder.N` with the branches `attention` and `ffn`; the mask is handed to it as an input.
 */
export function encode(model: BertModel, input: BertInput, block: Block<tf.Tensor>, context: ForwardContext): tf.Tensor {
  let x = embed(model, input, context); // [B·S, H]
  for (let layer = 0; layer < model.config.numHiddenLayers; layer++) x = block(blockName(layer), x, layerBody(model, layer), input.attentionMask);
  return model.config.norm === 'pre' ? runPart(model, 'final LayerNorm', 'finalLayerNorm', (given, at: tf.Tensor) => norm(given, finalLayerNorm, at), x) : x;
}

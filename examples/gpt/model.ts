import { dropout, embedding, type ForwardContext, type InitialParameters, linear } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { initializer, layersOf, preLnBlock } from './pre-ln-block.js';

export interface GptConfig {
  /** Tokens of the vocabulary. */
  readonly vocabulary: number; // V
  /** Longest sequence. */
  readonly context: number; // S
  readonly width: number; // H
  readonly heads: number;
  readonly layers: number;
  readonly dropout: number;
}

const names = (layers: number): string[] => Array.from({ length: layers }, (_, i) => `layer.${i}`);

/** Weights of a decoder by a seed. */
export function initialGpt({ vocabulary, context, width, layers }: GptConfig, seed: number): InitialParameters {
  const { normal, norm, block } = initializer(seed);
  return {
    tokens: normal([vocabulary, width]),
    positions: normal([context, width]),
    ...Object.assign({}, ...names(layers).map((name) => block(name, width, layers))),
    ...norm('layer_norm', width),
  };
}

/** A PreLN decoder with tied embeddings: logits of the next token at each place. ids int32 [B, S]; logits [B, S, V]. */
export const gpt =
  ({ heads, layers, dropout: rate }: GptConfig) =>
  (ids: tf.Tensor, given: ForwardContext): tf.Tensor => {
    const { get, mode, seed } = given;
    const positions = tf.slice(get('positions'), 0, ids.shape[1] as number); // [S, H]
    const h = dropout(tf.add(embedding(get('tokens'), ids), positions), mode === 'train' ? rate : 0, seed); // [B, S, H]
    const last = names(layers).reduce((x, name) => preLnBlock(given, name, x, { heads, rate, causal: true }), h);
    return linear(layersOf(given).norm('layer_norm', last), get('tokens'));
  };

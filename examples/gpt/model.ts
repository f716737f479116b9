import type { ForwardContext, InitialParameters } from '@hookline/tfjs';
import { attention, dropout, embedding, gelu, layerNorm, linear } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';

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

/** GPT-2's initialization (Radford et al. 2019): normal of 0.02, what ends a residual branch of 0.02/√(2·layers), LayerNorm the identity. */
export function initialGpt({ vocabulary, context, width, layers }: GptConfig, seed: number): InitialParameters {
  let key = seed;
  const normal = (shape: number[], deviation = 0.02) => tf.randomNormal(shape, 0, deviation, 'float32', ++key);
  const norm = (name: string) => ({ [`${name}.weight`]: tf.ones([width]), [`${name}.bias`]: tf.zeros([width]) });
  const affine = (name: string, inputs: number, outputs: number, deviation?: number) => ({
    [`${name}.weight`]: normal([outputs, inputs], deviation),
    [`${name}.bias`]: tf.zeros([outputs]),
  });
  const last = 0.02 / Math.sqrt(2 * layers);
  const layer = (name: string) => ({
    ...norm(`${name}.attention.layer_norm`),
    ...affine(`${name}.attention.in`, width, 3 * width),
    ...affine(`${name}.attention.out`, width, width, last),
    ...norm(`${name}.mlp.layer_norm`),
    ...affine(`${name}.mlp.in`, width, 4 * width),
    ...affine(`${name}.mlp.out`, 4 * width, width, last),
  });
  return {
    tokens: normal([vocabulary, width]),
    positions: normal([context, width]),
    ...Object.assign({}, ...Array.from({ length: layers }, (_, i) => layer(`layer.${i}`))),
    ...norm('layer_norm'),
  };
}

/**
 * A PreLN decoder with tied embeddings: logits of the next token at each place. What makes it droppable is the two words `block` and `branch`.
 * ids int32 [B, S]; logits [B, S, V].
 */
export const gpt =
  ({ heads, layers, dropout: trained }: GptConfig) =>
  (ids: tf.Tensor, { block, get, mode, seed }: ForwardContext): tf.Tensor => {
    const rate = mode === 'train' ? trained : 0;
    const affine = (name: string, x: tf.Tensor) => linear(x, get(`${name}.weight`), get(`${name}.bias`));
    const norm = (name: string, x: tf.Tensor) => layerNorm(x, get(`${name}.weight`), get(`${name}.bias`), 1e-5);
    const positions = tf.slice(get('positions'), 0, ids.shape[1] as number); // [S, H]
    let h = dropout(tf.add(embedding(get('tokens'), ids), positions), rate, seed); // [B, S, H]
    for (let i = 0; i < layers; i++) {
      const name = `layer.${i}`;
      h = block(name, h, (x, { branch, seed }) => {
        const attend = (u: tf.Tensor) => {
          const [q, k, v] = tf.split(affine(`${name}.attention.in`, norm(`${name}.attention.layer_norm`, u)), 3, -1) as [tf.Tensor, tf.Tensor, tf.Tensor];
          const context = attention(q, k, v, { heads, causal: true, dropout: { rate, seed, salt: 0 } }); // [B, S, H]
          return dropout(affine(`${name}.attention.out`, context), rate, seed, 1);
        };
        const feed = (u: tf.Tensor) => dropout(affine(`${name}.mlp.out`, gelu(affine(`${name}.mlp.in`, norm(`${name}.mlp.layer_norm`, u)))), rate, seed, 2);
        return branch('mlp', branch('attention', x, attend), feed);
      });
    }
    return linear(norm('layer_norm', h), get('tokens'));
  };

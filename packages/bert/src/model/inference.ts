import { HooklineError, type Tensors } from '@hookline/core';
import { createParameters, openBlock } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type BertModel, encode } from './bert.js';
import type { BertConfig } from './config.js';
import { maskedLogits } from './heads.js';
import type { BertHeads } from './parameters.js';
import { bertWeights } from './weights.js';

/**
 * The weights in a learner's checkpoint, by parameter name.
 * @param tensors what `learner.save()` or the checkpoint's safetensors holds
 * @param slot averaged weights, e.g. `ema`; the trained ones where not given
 * @throws HooklineError HOOKLINE_BERT_WEIGHTS where there are none
 */
export function checkpointWeights(tensors: Tensors, slot?: string): Tensors {
  const prefix = slot === undefined ? 'weights/' : `slot:${slot}/`;
  const found = Object.entries(tensors).flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : []));
  if (found.length === 0) {
    throw new HooklineError('HOOKLINE_BERT_WEIGHTS', `the checkpoint holds no tensors '${prefix}…'`, {
      hint: slot === undefined ? 'is it a checkpoint?' : 'train with weight averaging, or leave the slot out',
    });
  }
  return Object.fromEntries(found);
}

/** A model to predict with, on the engine in use: see `loadEngine`. `dispose` frees its parameters. */
export function bertModel(config: BertConfig, weights: Tensors, heads?: BertHeads): BertModel & { dispose(): void } {
  const parameters = createParameters(bertWeights(weights, config, heads));
  return { config, parameters, dispose: () => parameters.dispose() };
}

/** A token and how likely the model thinks it. */
export interface Prediction {
  readonly id: number;
  readonly probability: number;
}

/** A text's tokens with its special tokens, `[MASK]` at the positions asked for: what a tokenizer's `encode` gives. */
export interface MaskedText {
  readonly ids: ArrayLike<number>; // [S]
  /** Default: all of the first segment. */
  readonly tokenTypeIds?: ArrayLike<number>; // [S]
}

/**
 * The most likely tokens at positions of a text, likeliest first.
 * @param text at most maxPositionEmbeddings tokens
 * @param positions each in [0, S)
 * @param count predictions for each position
 */
export async function predictMasked(model: BertModel, text: MaskedText, positions: readonly number[], count = 5): Promise<readonly (readonly Prediction[])[]> {
  const { ids, tokenTypeIds = new Int32Array(ids.length) } = text;
  const { length } = ids;
  if (length === 0 || length > model.config.maxPositionEmbeddings) {
    throw new HooklineError('HOOKLINE_BERT_BATCH', `a text of ${length} tokens does not fit maxPositionEmbeddings ${model.config.maxPositionEmbeddings}`, {
      hint: 'give 1 to that many tokens',
    });
  }
  const probabilities = tf.tidy(() => {
    const input = {
      inputIds: tf.tensor1d(Array.from(ids), 'int32'),
      tokenTypeIds: tf.tensor1d(Array.from(tokenTypeIds), 'int32'),
      attentionMask: tf.ones([1, length]),
    };
    const hidden = encode(model, input, openBlock, { mode: 'evaluate', seed: [0, 0] }); // [S, H]
    return tf.softmax(maskedLogits(model, hidden, tf.tensor1d([...positions], 'int32'))); // [N, V]
  });
  const rows = (await probabilities.array()) as number[][];
  probabilities.dispose();
  return rows.map((row) =>
    row
      .map((probability, id): Prediction => ({ id, probability }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, count),
  );
}

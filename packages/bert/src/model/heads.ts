import { gatherRows, gelu, linear } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type BertModel, dense, norm } from './bert.js';
import { decoderBias, embeddings, nextSentence, pooler, transform } from './parameters.js';

/**
 * Logits of the vocabulary at the rows asked for: LN(gelu(dense(h))) · word embeddingsᵀ + bias.
 * hidden [B·S, H], rows int32 [N] in [0, B·S); [N, V].
 */
export function maskedLogits(model: BertModel, hidden: tf.Tensor, rows: tf.Tensor): tf.Tensor2D {
  const at = gatherRows(hidden, rows); // [N, H]
  const transformed = norm(model, `${transform}.LayerNorm`, gelu(dense(model, `${transform}.dense`, at)));
  return linear(transformed, model.parameters.get(`${embeddings}.word_embeddings.weight`), model.parameters.get(decoderBias)) as tf.Tensor2D;
}

/** Rows of the first tokens of the sequences: int32 [B]. */
const firstRows = (hidden: tf.Tensor, batchSize: number): tf.Tensor1D => {
  const rows = hidden.shape[0] as number;
  return tf.range(0, rows, rows / batchSize, 'int32');
};

const poolRows = (model: BertModel, hidden: tf.Tensor, rows: tf.Tensor): tf.Tensor2D => tf.tanh(dense(model, pooler, gatherRows(hidden, rows))) as tf.Tensor2D;

/** tanh(dense(h)) of the first token of each sequence: hidden [B·S, H] to [B, H]. */
export const pool = (model: BertModel, hidden: tf.Tensor, batchSize: number): tf.Tensor2D => poolRows(model, hidden, firstRows(hidden, batchSize));

/** Logits of "follows" and "is from elsewhere" by the rows of the first tokens: hidden [B·S, H], rows int32 [B]; [B, 2]. */
export const nextSentenceRows = (model: BertModel, hidden: tf.Tensor, rows: tf.Tensor): tf.Tensor2D =>
  dense(model, nextSentence, poolRows(model, hidden, rows)) as tf.Tensor2D;

/** As `nextSentenceRows`, of every sequence. */
export const nextSentenceLogits = (model: BertModel, hidden: tf.Tensor, batchSize: number): tf.Tensor2D =>
  nextSentenceRows(model, hidden, firstRows(hidden, batchSize));

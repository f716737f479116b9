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

/** tanh(dense(h)) of the first token of each sequence: hidden [B·S, H] to [B, H]. */
export function pool(model: BertModel, hidden: tf.Tensor, batchSize: number): tf.Tensor2D {
  const rows = hidden.shape[0] as number;
  const length = rows / batchSize;
  const first = tf.range(0, rows, length, 'int32'); // [B]
  return tf.tanh(dense(model, pooler, gatherRows(hidden, first))) as tf.Tensor2D;
}

/** Logits of "follows" and "is from elsewhere": hidden [B·S, H] to [B, 2]. */
export function nextSentenceLogits(model: BertModel, hidden: tf.Tensor, batchSize: number): tf.Tensor2D {
  return dense(model, nextSentence, pool(model, hidden, batchSize)) as tf.Tensor2D;
}

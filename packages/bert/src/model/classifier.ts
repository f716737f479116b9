import { gatherRows } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type BertModel, dense, drop, type ForwardContext, salts } from './bert.js';
import { classifier, pooler } from './parameters.js';

/**
 * Logits of a classifier over whole sequences by the rows of their first tokens: hidden [B·S, H], rows int32 [B]; [B, labels].
 *
 * classifier(dropout(tanh(dense(h)))) as transformers' `BertForSequenceClassification`; in PreLN with dropout before `dense` too, as its
 * `RobertaPreLayerNormClassificationHead`, whose `dense` is the pooler here. The rate is `hiddenDropoutProb`.
 */
export function classifierLogits(model: BertModel, hidden: tf.Tensor, rows: tf.Tensor, context: ForwardContext): tf.Tensor2D {
  const { norm, hiddenDropoutProb } = model.config;
  const first = gatherRows(hidden, rows); // [B, H]
  const input = norm === 'pre' ? drop(first, hiddenDropoutProb, context, salts.headInput) : first;
  const pooled = tf.tanh(dense(model, pooler, input)); // [B, H]
  return dense(model, classifier, drop(pooled, hiddenDropoutProb, context, salts.pooled)) as tf.Tensor2D;
}

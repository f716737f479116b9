import { type BertModel, classifierLogits, encode, type ForwardContext, runPart } from '@hookline/bert';
import type { Block } from '@hookline/core';
import { softTargetCrossEntropy, tensorSeed } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type FineTuningBatch, inputOf, type TokenRows } from './batch.js';

/** Rows of the first tokens of B sequences of S tokens: int32 [B]. */
const firstRows = ({ batchSize, sequenceLength }: TokenRows): tf.Tensor1D => tf.range(0, batchSize * sequenceLength, sequenceLength, 'int32');

/** Last hidden states, [B·S, H], with what the head needs besides. */
function encoded(model: BertModel, rows: TokenRows, block: Block<tf.Tensor>, context: ForwardContext) {
  const hidden = encode(model, inputOf(rows, model.config), block, context); // [B·S, H]
  return { hidden, first: firstRows(rows), seed: tf.tensor1d([context.seed[0] | 0, context.seed[1] | 0], 'int32') };
}

type Judge = (logits: tf.Tensor2D, targets: tf.Tensor, weights: tf.Tensor) => tf.Scalar;

/** Σ of the cross-entropies of rows; the weights are in the targets already. */
const crossEntropy: Judge = (logits, targets) => softTargetCrossEntropy(logits, targets);

/** Σ of weighted squared errors: logits [B, 1], targets [B, 1], weights [B]. */
const squaredError: Judge = (logits, targets, weights) => {
  const error = tf.sub(tf.reshape(logits, [-1]), tf.reshape(targets, [-1])); // [B]
  return tf.sum(tf.mul(weights, tf.mul(error, error))) as tf.Scalar;
};

/** The loss of a batch, summed over its rows: cross-entropy for classes, squared error for a number. */
export function lossSum(model: BertModel, batch: FineTuningBatch, kind: 'classes' | 'number', block: Block<tf.Tensor>, context: ForwardContext): tf.Scalar {
  const { hidden, first, seed } = encoded(model, batch, block, context);
  const judge = kind === 'classes' ? crossEntropy : squaredError;
  const targets = tf.tensor2d(batch.targets, [batch.batchSize, batch.targets.length / batch.batchSize]); // [B, C]
  const compute = (given: BertModel, at: tf.Tensor, rows: tf.Tensor, right: tf.Tensor, weights: tf.Tensor, key: tf.Tensor): tf.Scalar =>
    judge(classifierLogits(given, at, rows, { mode: context.mode, seed: tensorSeed(key) }), right, weights);
  return runPart(model, `${kind} ${context.mode} loss`, 'classifierHead', compute, hidden, first, targets, tf.tensor1d(batch.rowWeights), seed);
}

/** Logits of rows without dropout, [B, C]. The caller disposes. */
export function logitsOf(model: BertModel, rows: TokenRows, block: Block<tf.Tensor>): tf.Tensor2D {
  return tf.tidy(() => {
    const context: ForwardContext = { mode: 'evaluate', seed: [0, 0] };
    const { hidden, first } = encoded(model, rows, block, context);
    const compute = (given: BertModel, at: tf.Tensor, from: tf.Tensor) => classifierLogits(given, at, from, context);
    return runPart(model, 'logits', 'classifierHead', compute, hidden, first);
  });
}

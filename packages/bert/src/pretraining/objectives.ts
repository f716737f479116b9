import { type Block, type Counts, HooklineError } from '@hookline/core';
import { softmaxCrossEntropy } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type BertModel, encode, type ForwardContext } from '../model/bert.js';
import { maskedLogits, nextSentenceLogits } from '../model/heads.js';
import type { PretrainingBatch } from './batch.js';
import { type BatchTensors, batchTensors } from './batch-tensors.js';
import type { BatchScores } from './metrics.js';

/** What pre-training minimizes: masked language modelling, and the prediction whether the second segment follows the first. */
export type PretrainingObjective = 'mlm' | 'nsp';

/** Logits of the objectives, with the labels and weights that they are judged by. */
interface Judged {
  readonly logits: tf.Tensor2D; // [N, classes]
  readonly labels: tf.Tensor1D; // int32 [N]
  readonly weights: tf.Tensor1D; // [N]
}

function judge(model: BertModel, tensors: BatchTensors, objectives: readonly PretrainingObjective[], block: Block<tf.Tensor>, context: ForwardContext) {
  const hidden = encode(model, tensors.input, block, context); // [B·S, H]
  const [batch] = tensors.input.attentionMask.shape as [number];
  const judged: Partial<Record<PretrainingObjective, Judged>> = {
    mlm: { logits: maskedLogits(model, hidden, tensors.maskedRows), labels: tensors.maskedIds, weights: tensors.maskedWeights },
  };
  if (objectives.includes('nsp')) {
    if (!tensors.nextSentenceLabels) {
      throw new HooklineError('HOOKLINE_BERT_BATCH', "the objective 'nsp' needs nextSentenceLabels in every batch", {
        hint: "make the data with next-sentence pairs, or leave 'nsp' out",
      });
    }
    judged.nsp = { logits: nextSentenceLogits(model, hidden, batch), labels: tensors.nextSentenceLabels, weights: tf.ones([batch]) };
  }
  return judged;
}

/** Loss of each objective, summed over its items: masked positions for `mlm`, rows for `nsp`. */
export function lossSums(
  model: BertModel,
  batch: PretrainingBatch,
  objectives: readonly PretrainingObjective[],
  block: Block<tf.Tensor>,
  context: ForwardContext,
): Record<string, tf.Scalar> {
  const judged = judge(model, batchTensors(batch, model.config), objectives, block, context);
  return Object.fromEntries(Object.entries(judged).map(([name, { logits, labels, weights }]) => [name, softmaxCrossEntropy(logits, labels, weights)]));
}

/** Items of each objective in a batch: what the loss sums are divided by. */
export function itemCounts(batch: PretrainingBatch, objectives: readonly PretrainingObjective[]): Counts {
  const mlm = batch.maskedWeights.reduce((sum, weight) => sum + weight, 0);
  return objectives.includes('nsp') ? { mlm, nsp: batch.batchSize } : { mlm };
}

const correctSum = ({ logits, labels, weights }: Judged): tf.Scalar =>
  tf.sum(tf.mul(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'), weights)) as tf.Scalar;

/** Evaluates one batch without dropout, by objective; one device read. */
export async function scoreBatch(
  model: BertModel,
  batch: PretrainingBatch,
  objectives: readonly PretrainingObjective[],
  block: Block<tf.Tensor>,
): Promise<BatchScores> {
  const packed = tf.tidy(() => {
    const judged = judge(model, batchTensors(batch, model.config), objectives, block, { mode: 'evaluate', seed: [0, 0] });
    return tf.stack(Object.values(judged).flatMap((one) => [softmaxCrossEntropy(one.logits, one.labels, one.weights), correctSum(one)]));
  });
  const values = await packed.data();
  packed.dispose();
  return Object.fromEntries(
    Object.entries(itemCounts(batch, objectives)).map(([name, items], i) => [name, { lossSum: values[2 * i]!, correct: values[2 * i + 1]!, items }]),
  );
}

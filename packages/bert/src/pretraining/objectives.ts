import { type Block, type Counts, HooklineError } from '@hookline/core';
import { softmaxCrossEntropy } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type BertModel, encode, type ForwardContext } from '../model/bert.js';
import { maskedLogits, nextSentenceRows } from '../model/heads.js';
import { runPart } from '../model/part.js';
import type { PretrainingBatch } from './batch.js';
import { type BatchTensors, batchTensors } from './batch-tensors.js';
import type { BatchScores } from './metrics.js';

/** What pre-training minimizes: masked language modelling, and the prediction whether the second segment follows the first. */
export type PretrainingObjective = 'mlm' | 'nsp';

type Logits = (model: BertModel, hidden: tf.Tensor, rows: tf.Tensor) => tf.Tensor2D;

/** How an objective is judged: by logits [N, classes] of rows of the last hidden states, against labels. */
interface Judged {
  readonly parameters: 'maskedHead' | 'nextSentenceHead';
  readonly logits: Logits;
  readonly rows: tf.Tensor1D; // int32 [N]
  readonly labels: tf.Tensor1D; // int32 [N]
  readonly weights: tf.Tensor1D; // [N]
}

/** What is computed of an objective. */
type Figure<R> = (logits: tf.Tensor2D, labels: tf.Tensor, weights: tf.Tensor) => R;

/** Runs the model and computes a figure of each objective; `what` names it. */
function judge<R>(
  model: BertModel,
  tensors: BatchTensors,
  objectives: readonly PretrainingObjective[],
  block: Block<tf.Tensor>,
  context: ForwardContext,
  what: string,
  figure: Figure<R>,
): Record<string, R> {
  const hidden = encode(model, tensors.input, block, context); // [B·S, H]
  const [batch, length] = tensors.input.attentionMask.shape as [number, number];
  const judged: Partial<Record<PretrainingObjective, Judged>> = {
    mlm: { parameters: 'maskedHead', logits: maskedLogits, rows: tensors.maskedRows, labels: tensors.maskedIds, weights: tensors.maskedWeights },
  };
  if (objectives.includes('nsp')) {
    if (!tensors.nextSentenceLabels) {
      throw new HooklineError('HOOKLINE_BERT_BATCH', "the objective 'nsp' needs nextSentenceLabels in every batch", {
        hint: "make the data with next-sentence pairs, or leave 'nsp' out",
      });
    }
    const rows = tf.range(0, batch * length, length, 'int32');
    judged.nsp = { parameters: 'nextSentenceHead', logits: nextSentenceRows, rows, labels: tensors.nextSentenceLabels, weights: tf.ones([batch]) };
  }
  return Object.fromEntries(
    Object.entries(judged).map(([name, { parameters, logits, rows, labels, weights }]) => {
      const compute = (given: BertModel, at: tf.Tensor, these: tf.Tensor, right: tf.Tensor, factors: tf.Tensor) =>
        figure(logits(given, at, these), right, factors);
      return [name, runPart(model, `${name} ${what}`, parameters, compute, hidden, rows, labels, weights)];
    }),
  );
}

/** Loss of each objective, summed over its items: masked positions for `mlm`, rows for `nsp`. */
export function lossSums(
  model: BertModel,
  batch: PretrainingBatch,
  objectives: readonly PretrainingObjective[],
  block: Block<tf.Tensor>,
  context: ForwardContext,
): Record<string, tf.Scalar> {
  return judge(model, batchTensors(batch, model.config), objectives, block, context, 'loss', softmaxCrossEntropy);
}

/** Items of each objective in a batch: what the loss sums are divided by. */
export function itemCounts(batch: PretrainingBatch, objectives: readonly PretrainingObjective[]): Counts {
  const mlm = batch.maskedWeights.reduce((sum, weight) => sum + weight, 0);
  return objectives.includes('nsp') ? { mlm, nsp: batch.batchSize } : { mlm };
}

const correctSum: Figure<tf.Scalar> = (logits, labels, weights) => tf.sum(tf.mul(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'), weights));

/** Evaluates one batch without dropout, by objective; one device read. */
export async function scoreBatch(
  model: BertModel,
  batch: PretrainingBatch,
  objectives: readonly PretrainingObjective[],
  block: Block<tf.Tensor>,
): Promise<BatchScores> {
  const packed = tf.tidy(() => {
    const scores: Figure<tf.Tensor[]> = (...judged) => [softmaxCrossEntropy(...judged), correctSum(...judged)];
    const judged = judge(model, batchTensors(batch, model.config), objectives, block, { mode: 'evaluate', seed: [0, 0] }, 'scores', scores);
    return tf.stack(Object.values(judged).flat());
  });
  const values = await packed.data();
  packed.dispose();
  return Object.fromEntries(
    Object.entries(itemCounts(batch, objectives)).map(([name, items], i) => [name, { lossSum: values[2 * i]!, correct: values[2 * i + 1]!, items }]),
  );
}

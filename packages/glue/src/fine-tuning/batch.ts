import type { BertConfig, BertInput } from '@hookline/bert';
import * as tf from '@tensorflow/tfjs-core';

/** Rows of token ids, as host arrays: B rows of S tokens. */
export interface TokenRows {
  readonly batchSize: number;
  readonly sequenceLength: number;
  readonly inputIds: Int32Array; // [B·S]
  /** 0 for the first text, 1 for the second. */
  readonly tokenTypeIds: Int32Array; // [B·S]
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: Float32Array; // [B·S]
}

/** A batch to learn from. Where a set's examples run out, copies of a row with weight 0 fill it up, so that every batch has as many rows. */
export interface FineTuningBatch extends TokenRows {
  /** Shares of the classes, [B·C], as `softTargetCrossEntropy` takes them; of a task on numbers the numbers, [B]. */
  readonly targets: Float32Array;
  /** What the loss sum is divided by: the weights of the rows. */
  readonly rowWeights: Float32Array; // [B]
}

/** Rows on the engine; the caller disposes, usually by `tf.tidy`. A model with one token type gets that one for both texts, as transformers has it. */
export function inputOf(rows: TokenRows, { typeVocabSize }: Pick<BertConfig, 'typeVocabSize'>): BertInput {
  const { batchSize, sequenceLength, inputIds, tokenTypeIds, attentionMask } = rows;
  return {
    inputIds: tf.tensor1d(inputIds, 'int32'),
    tokenTypeIds: typeVocabSize < 2 ? tf.zeros([tokenTypeIds.length], 'int32') : tf.tensor1d(tokenTypeIds, 'int32'),
    attentionMask: tf.tensor2d(attentionMask, [batchSize, sequenceLength]),
  };
}

import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BertInput } from '../model/bert.js';
import type { BertConfig } from '../model/config.js';
import type { PretrainingBatch } from './batch.js';

/** A batch on the engine. */
export interface BatchTensors {
  readonly input: BertInput;
  /** Rows of the flattened batch that are masked. */
  readonly maskedRows: tf.Tensor1D; // int32 [B·P]
  readonly maskedIds: tf.Tensor1D; // int32 [B·P]
  readonly maskedWeights: tf.Tensor1D; // [B·P]
  readonly nextSentenceLabels: tf.Tensor1D | undefined; // int32 [B]
}

function requireBelow(what: string, values: Int32Array, limit: number, name: string): void {
  for (const value of values) {
    if (value < 0 || value >= limit) {
      throw new HooklineError('HOOKLINE_BERT_BATCH', `${what} holds ${value}, but ${name} is ${limit}`, {
        hint: `use data made for this configuration, or a larger ${name}`,
      });
    }
  }
}

function requireLength(what: string, values: ArrayLike<number>, length: number): void {
  if (values.length !== length) {
    throw new HooklineError('HOOKLINE_BERT_BATCH', `${what} has ${values.length} numbers where its batch needs ${length}`, {
      hint: 'batchSize, sequenceLength and maskedPerRow give the lengths',
    });
  }
}

/**
 * Uploads a batch; the caller disposes, usually by `tf.tidy`. Numbers out of range are refused here, for engines read past a table's end in silence.
 * @throws HooklineError HOOKLINE_BERT_BATCH
 */
export function batchTensors(batch: PretrainingBatch, config: BertConfig): BatchTensors {
  const { batchSize, sequenceLength, maskedPerRow } = batch;
  const tokens = batchSize * sequenceLength;
  const masked = batchSize * maskedPerRow;
  for (const key of ['inputIds', 'tokenTypeIds', 'attentionMask'] as const) requireLength(key, batch[key], tokens);
  for (const key of ['maskedPositions', 'maskedIds', 'maskedWeights'] as const) requireLength(key, batch[key], masked);
  if (sequenceLength > config.maxPositionEmbeddings) {
    throw new HooklineError('HOOKLINE_BERT_BATCH', `rows of ${sequenceLength} tokens exceed maxPositionEmbeddings ${config.maxPositionEmbeddings}`, {
      hint: 'shorten the rows or raise maxPositionEmbeddings',
    });
  }
  requireBelow('inputIds', batch.inputIds, config.vocabSize, 'vocabSize');
  requireBelow('maskedIds', batch.maskedIds, config.vocabSize, 'vocabSize');
  requireBelow('tokenTypeIds', batch.tokenTypeIds, config.typeVocabSize, 'typeVocabSize');
  requireBelow('maskedPositions', batch.maskedPositions, sequenceLength, 'sequenceLength');
  const rows = Int32Array.from(batch.maskedPositions, (position, i) => Math.floor(i / maskedPerRow) * sequenceLength + position);
  return {
    input: {
      inputIds: tf.tensor1d(batch.inputIds, 'int32'),
      tokenTypeIds: tf.tensor1d(batch.tokenTypeIds, 'int32'),
      attentionMask: tf.tensor2d(Float32Array.from(batch.attentionMask), [batchSize, sequenceLength]),
    },
    maskedRows: tf.tensor1d(rows, 'int32'),
    maskedIds: tf.tensor1d(batch.maskedIds, 'int32'),
    maskedWeights: tf.tensor1d(batch.maskedWeights),
    nextSentenceLabels: batch.nextSentenceLabels && tf.tensor1d(batch.nextSentenceLabels, 'int32'),
  };
}

import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { oracleBatches, oracleConfig } from '../../test/oracle.js';
import { batchTensors } from './batch-tensors.js';

const batch = oracleBatches()[0]!;
const config = oracleConfig('pre');

beforeAll(async () => {
  await loadEngine('cpu');
});

describe('batchTensors', () => {
  it('numbers masked positions over the flattened batch', () => {
    tf.tidy(() => {
      const { maskedRows, input, maskedWeights } = batchTensors(batch, config);
      expect(Array.from(maskedRows.dataSync())).toEqual([19, 20, 21, 22, 26, 33, 37, 40, 41, 43, 74, 77, 78, 79, 81, 98, 99, 101, 103, 104]);
      expect(input.attentionMask.shape).toEqual([4, 32]);
      expect([input.inputIds.dtype, maskedRows.dtype, maskedWeights.dtype]).toEqual(['int32', 'int32', 'float32']);
    });
  });

  it.each<[string, object, RegExp]>([
    ['a token outside the vocabulary', { inputIds: batch.inputIds.with(3, 500) }, /inputIds holds 500, but vocabSize is 500/],
    ['a negative label', { maskedIds: batch.maskedIds.with(0, -1) }, /maskedIds holds -1/],
    ['a third segment', { tokenTypeIds: batch.tokenTypeIds.with(0, 2) }, /tokenTypeIds holds 2/],
    ['a position outside the row', { maskedPositions: batch.maskedPositions.with(0, 32) }, /maskedPositions holds 32/],
    ['a length that does not fit', { inputIds: batch.inputIds.slice(1) }, /inputIds has 127 numbers where its batch needs 128/],
    ['rows longer than the position table', { sequenceLength: 64, batchSize: 2, maskedPerRow: 10 }, /rows of 64 tokens exceed maxPositionEmbeddings 32/],
  ])('refuses %s, before anything is uploaded', (_, change, message) => {
    const before = tf.memory().numTensors;
    expect(() => batchTensors({ ...batch, ...change }, config)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

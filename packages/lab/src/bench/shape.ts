import type { PretrainingBatch } from '@hookline/bert';
import type { Data } from '@hookline/core';
import { uniform } from '@hookline/core';
import type { TrainingShape } from '../shape.js';

/** BERT mini with a small vocabulary: 34 GFLOP a step with the whole vocabulary's head, 23 with masked positions only. */
export const benchShape: TrainingShape = {
  numHiddenLayers: 4,
  hiddenSize: 256,
  numAttentionHeads: 4,
  intermediateSize: 1024,
  vocabSize: 8000,
  sequenceLength: 128,
  batchSize: 8,
  maskedPerRow: 20,
};

/** The model of a shape, as BERT's options have it. */
export function modelOptions({ batchSize: _, maskedPerRow: __, sequenceLength, ...numbers }: TrainingShape) {
  return { ...numbers, maxPositionEmbeddings: sequenceLength };
}

/** Batches of random tokens with masked positions spread over each row: what they say is nothing, what they cost is a step. */
export function randomBatches(shape: TrainingShape, seed = 0): Data<PretrainingBatch> {
  const { batchSize, sequenceLength, maskedPerRow, vocabSize } = shape;
  const tokens = batchSize * sequenceLength;
  const masked = batchSize * maskedPerRow;
  return {
    batchesPerEpoch: 1000,
    batch(position) {
      const draw = (stream: string, index: number, below: number) => Math.floor(below * uniform(seed, `bench/${stream}`, position, index));
      const inputIds = Int32Array.from({ length: tokens }, (_, i) => draw('tokens', i, vocabSize));
      const spacing = sequenceLength / maskedPerRow;
      return {
        batchSize,
        sequenceLength,
        maskedPerRow,
        inputIds,
        tokenTypeIds: Int32Array.from({ length: tokens }, (_, i) => (i % sequenceLength < sequenceLength / 2 ? 0 : 1)),
        attentionMask: new Int32Array(tokens).fill(1),
        maskedPositions: Int32Array.from({ length: masked }, (_, i) =>
          Math.floor(((i % maskedPerRow) + uniform(seed, 'bench/positions', position, i)) * spacing),
        ),
        maskedIds: Int32Array.from({ length: masked }, (_, i) => draw('labels', i, vocabSize)),
        maskedWeights: new Float32Array(masked).fill(1),
      };
    },
    counts: (batch) => ({ mlm: batch.batchSize * batch.maskedPerRow }),
  };
}

/** The first `count` batches, made beforehand and given over and over: making them is no part of a step's time. */
export async function repeatedBatches(
  data: Data<PretrainingBatch>,
  count: number,
): Promise<{ batches: readonly PretrainingBatch[]; data: Data<PretrainingBatch> }> {
  const batches: PretrainingBatch[] = [];
  for (let position = 0; position < count; position++) batches.push(await data.batch(position));
  return { batches, data: { ...data, batch: (position) => batches[position % count] as PretrainingBatch } };
}

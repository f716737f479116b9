import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sentiments, tinyModel } from '../../test/tiny.js';
import type { FineTuningBatch } from './batch.js';
import { encodedExamples } from './encoded-examples.js';
import { fineTuningData } from './fine-tuning-data.js';

const { tokenizer } = tinyModel();

/** Data whose targets are the numbers of the examples, by which a row tells which it is. */
function numbered(count: number, batchSize: number, options: { shuffle?: boolean; bucketing?: boolean; seed?: number } = {}) {
  const { shuffle = true, bucketing = false, seed = 0 } = options;
  const encoded = encodedExamples(sentiments(count), tokenizer, 16);
  return fineTuningData({ encoded, targets: Array.from({ length: count }, (_, i) => ({ values: [i], weight: 1 })), batchSize, shuffle, bucketing, seed });
}

const examplesOf = ({ targets, rowWeights }: FineTuningBatch): number[] => Array.from(targets).filter((_, r) => rowWeights[r] === 1);

describe('fineTuningData', () => {
  it('gives every example once an epoch, in batches of one size, whichever batch is asked for first', () => {
    fc.assert(
      fc.property(
        fc.record({ count: fc.integer({ min: 1, max: 40 }), batchSize: fc.integer({ min: 1, max: 9 }), shuffle: fc.boolean(), bucketing: fc.boolean() }),
        fc.integer({ min: 0, max: 3 }),
        ({ count, batchSize, ...options }, epoch) => {
          const data = numbered(count, batchSize, options);
          const { batchesPerEpoch } = data;
          expect(batchesPerEpoch).toBe(Math.ceil(count / Math.min(batchSize, count)));
          const positions = Array.from({ length: batchesPerEpoch }, (_, i) => epoch * batchesPerEpoch + i);
          const batches = positions.map((position) => data.batch(position) as FineTuningBatch);
          for (const batch of batches) expect(batch.batchSize).toBe(Math.min(batchSize, count));
          expect(batches.flatMap(examplesOf).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
          const last = positions.at(-1)!;
          expect(numbered(count, batchSize, options).batch(last)).toEqual(batches.at(-1));
        },
      ),
    );
  });

  it('orders each epoch anew by its key, and keeps the order of the file where it is told', () => {
    const order = (epoch: number, seed: number) =>
      Array.from({ length: 5 }, (_, i) => examplesOf(numbered(20, 4, { seed }).batch(5 * epoch + i) as FineTuningBatch)).flat();
    expect(order(0, 0)).not.toEqual(order(1, 0));
    expect(order(0, 0)).not.toEqual(order(0, 1));
    expect(examplesOf(numbered(20, 4, { shuffle: false }).batch(6) as FineTuningBatch)).toEqual([4, 5, 6, 7]);
  });

  it('makes batches by length where it is told, which pads less', () => {
    const padding = (bucketing: boolean) => {
      const data = numbered(60, 6, { bucketing });
      const batches = Array.from({ length: data.batchesPerEpoch }, (_, i) => data.batch(i) as FineTuningBatch);
      return batches.reduce((sum, { attentionMask }) => sum + attentionMask.filter((seen) => seen === 0).length, 0);
    };
    expect(padding(true)).toBeLessThan(padding(false) / 2);
  });

  it('pads with [PAD] that nothing attends to, and counts the rows of a batch by weight', () => {
    const data = numbered(5, 4, { shuffle: false });
    const batch = data.batch(1) as FineTuningBatch;
    expect(data.counts(batch)).toEqual({ task: 1 });
    expect(batch.sequenceLength).toBe(12);
    const [ids, mask] = [batch.inputIds.subarray(0, 12), batch.attentionMask.subarray(0, 12)];
    expect(ids[0]).toBe(tokenizer.clsTokenId);
    for (const [i, id] of ids.entries()) expect(mask[i]).toBe(id === tokenizer.padTokenId ? 0 : 1);
  });
});

it('marks the second text of a pair', () => {
  const encoded = encodedExamples([{ index: 0, texts: ['good film', 'a story .'], label: 0 }], tokenizer, 16);
  const { tokenTypeIds, attentionMask } = encoded.rows([0]);
  expect(Array.from(tokenTypeIds)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(Array.from(attentionMask)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
});

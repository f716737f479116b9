import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingTokens, randomTokens, vocabulary } from '../../test/synthetic-corpus.js';
import { memoryTokens } from '../corpus/token-store.js';
import type { PretrainingBatch } from '../pretraining/batch.js';
import { type PretrainingData, pretrainingData } from './pretraining-data.js';

/** The row's ids before masking. */
const original = (batch: PretrainingBatch, r: number): Int32Array => {
  const { sequenceLength: S, maskedPerRow: P } = batch;
  const row = batch.inputIds.slice(r * S, (r + 1) * S);
  for (let k = r * P; k < (r + 1) * P; k++) if (batch.maskedWeights[k]! > 0) row[batch.maskedPositions[k]!] = batch.maskedIds[k]!;
  return row;
};
const rowsOf = (batch: PretrainingBatch): Int32Array[] => Array.from({ length: batch.batchSize }, (_, r) => original(batch, r));
const draw = (data: PretrainingData, batches: number): Int32Array[] => Array.from({ length: batches }, (_, k) => rowsOf(data.batch(k))).flat();

const shapes = fc.record({
  documents: fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 }),
  batchSize: fc.integer({ min: 1, max: 7 }),
  sequenceLength: fc.integer({ min: 4, max: 40 }),
  seed: fc.integer({ min: 0, max: 99 }),
  nextSentence: fc.boolean(),
  wholeWord: fc.boolean(),
});

it('gives every batch the shapes that were asked for, and the same batch whenever it is asked', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 40 }), ({ documents, ...options }, position) => {
      const tokens = randomTokens(documents, 50);
      const make = (): PretrainingData => pretrainingData({ tokens, tokenizer: vocabulary(50), ...options });
      const used = make();
      for (const other of [0, position + 9, position + 1]) used.batch(other);
      const batch = used.batch(position);
      expect(batch).toEqual(make().batch(position));
      expect(batch).not.toBe(used.batch(position));
      const { batchSize: B, sequenceLength: S, maskedPerRow: P } = batch;
      expect([B, S, P]).toEqual([options.batchSize, options.sequenceLength, Math.ceil(options.sequenceLength * 0.15)]);
      const { inputIds, tokenTypeIds, attentionMask, maskedPositions, maskedIds, maskedWeights, nextSentenceLabels } = batch;
      expect([inputIds, tokenTypeIds, attentionMask].map((array) => array.length)).toEqual([B * S, B * S, B * S]);
      expect([maskedPositions, maskedIds, maskedWeights].map((array) => array.length)).toEqual([B * P, B * P, B * P]);
      expect(nextSentenceLabels?.length).toBe(options.nextSentence ? B : undefined);
      expect(used.counts(batch)).toEqual({ mlm: maskedWeights.filter((w) => w === 1).length, ...(options.nextSentence && { nsp: B }) });
      for (let r = 0; r < B; r++) {
        const mask = [...attentionMask.subarray(r * S, (r + 1) * S)];
        const length = mask.lastIndexOf(1) + 1;
        expect(mask).toEqual(Array.from({ length: S }, (_, i) => (i < length ? 1 : 0)));
        const row = original(batch, r);
        expect([row[0], row[length - 1], ...row.subarray(length)]).toEqual([2, 3, ...new Array(S - length).fill(0)]);
        const types = [...tokenTypeIds.subarray(r * S, (r + 1) * S)];
        const separators = [...row.keys()].filter((i) => row[i] === 3);
        expect(separators.length).toBe(options.nextSentence ? 2 : 1);
        expect(types).toEqual(types.map((_, i) => (options.nextSentence && i > separators[0]! && i < length ? 1 : 0)));
      }
    }),
  );
});

describe('windows', () => {
  it('hold every token exactly once an epoch, in an order of its own, and never cross documents', () => {
    fc.assert(
      fc.property(shapes, ({ documents, batchSize, sequenceLength, seed }) => {
        const tokens = countingTokens(documents);
        const data = pretrainingData({ tokens, tokenizer: vocabulary(tokens.vocabSize), batchSize, sequenceLength, seed });
        expect(data.batchesPerEpoch).toBe(Math.ceil(data.examples / batchSize));
        const rows = draw(data, 2 * data.batchesPerEpoch);
        for (const epoch of [0, 1]) {
          const ids = rows.slice(epoch * data.examples, (epoch + 1) * data.examples).flatMap((row) => [...row].filter((id) => id > 4));
          expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: tokens.tokens }, (_, i) => i + 5));
        }
        const borders = documents.map((_, d) => tokens.slice(d, 0, 1)[0]!);
        for (const row of rows) {
          const ids = [...row].filter((id) => id > 4);
          expect(ids).toEqual(ids.map((_, i) => ids[0]! + i));
          expect(borders.some((border) => border > ids[0]! && border <= ids.at(-1)!)).toBe(false);
        }
      }),
    );
  });

  it('come in other orders and with other masks for another epoch or seed', () => {
    const tokens = countingTokens([[2000]]);
    const options = { tokens, tokenizer: vocabulary(tokens.vocabSize), batchSize: 8, sequenceLength: 27 };
    const data = pretrainingData({ ...options, seed: 1 });
    expect(data.examples).toBe(80);
    const first = [data.batch(0), data.batch(10), pretrainingData({ ...options, seed: 2 }).batch(0)].map((batch) => original(batch, 0).join());
    expect(new Set(first).size).toBe(3);
    const still = pretrainingData({ ...options, seed: 1, shuffle: false });
    expect(rowsOf(still.batch(0))).toEqual(rowsOf(still.batch(10)));
    expect(rowsOf(still.batch(3))[2]![1]).toBe(5 + 26 * 25);
    expect(still.batch(0).maskedPositions).not.toEqual(still.batch(10).maskedPositions);
  });
});

describe('sentence pairs', () => {
  const documents = Array.from({ length: 40 }, (_, d) => Array.from({ length: 5 + (d % 20) }, (_, s) => 3 + ((7 * d + 5 * s) % 25)));
  const tokens = countingTokens(documents);
  const data = pretrainingData({ tokens, tokenizer: vocabulary(tokens.vocabSize), batchSize: 16, sequenceLength: 64, seed: 3, nextSentence: true });
  const ends = documents.map((_, d) => tokens.slice(d, tokens.length(d) - 1, tokens.length(d))[0]!);
  const documentOf = (id: number): number => ends.findIndex((end) => id <= end);
  const pairs = Array.from({ length: 40 }, (_, k) => data.batch(k)).flatMap((batch) =>
    rowsOf(batch).map((row, r) => {
      const separator = row.indexOf(3);
      return { a: [...row.subarray(1, separator)], b: [...row.subarray(separator + 1, row.lastIndexOf(3))], label: batch.nextSentenceLabels![r]! };
    }),
  );

  it('are true halves of the time', () => {
    const share = pairs.reduce((sum, { label }) => sum + label, 0) / pairs.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / pairs.length));
  });

  it('labelled 0 go on exactly where the first text ends; those labelled 1 are of another document', () => {
    for (const { a, b, label } of pairs) {
      expect(a.length > 0 && b.length > 0 && a.length + b.length <= 61).toBe(true);
      for (const part of [a, b]) expect(part).toEqual(part.map((_, i) => part[0]! + i));
      if (label === 0) expect([b[0], documentOf(b[0]!)]).toEqual([a.at(-1)! + 1, documentOf(a[0]!)]);
      else expect(documentOf(b[0]!)).not.toBe(documentOf(a[0]!));
    }
  });

  it('do not tell the label by their length', () => {
    const mean = (label: number): number => {
      const lengths = pairs.filter((pair) => pair.label === label).map(({ a, b }) => a.length + b.length);
      return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    };
    expect(Math.abs(mean(0) - mean(1))).toBeLessThan(3);
  });

  it('use every chunk once an epoch', () => {
    const chunkHeads = (epoch: number): number[] => {
      const rows = draw(data, Math.ceil(((epoch + 1) * data.examples) / 16)).slice(epoch * data.examples, (epoch + 1) * data.examples);
      return rows.map((row) => documentOf(row[1]!)).sort((a, b) => a - b);
    };
    expect(chunkHeads(0)).toEqual(chunkHeads(1));
    expect(new Set(chunkHeads(0)).size).toBe(documents.length);
  });

  it('are even where documents are one long or short sentence each', () => {
    const single = countingTokens(Array.from({ length: 300 }, (_, d) => [2 + (d % 90)]));
    const one = pretrainingData({ tokens: single, tokenizer: vocabulary(single.vocabSize), batchSize: 400, sequenceLength: 32, nextSentence: true });
    const labels = [...one.batch(0).nextSentenceLabels!, ...one.batch(1).nextSentenceLabels!];
    const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / labels.length));
  });

  it('need two documents', () => {
    const alone = countingTokens([[40, 40]]);
    expect(() => pretrainingData({ tokens: alone, tokenizer: vocabulary(alone.vocabSize), nextSentence: true })).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_CORPUS', message: expect.stringContaining('only one') }),
    );
  });
});

it('masks other places in each example and in each epoch', () => {
  const many = pretrainingData({ tokens: randomTokens([[26 * 20]], 50), tokenizer: vocabulary(50), batchSize: 20, sequenceLength: 28 }).batch(0);
  expect(new Set(Array.from({ length: 20 }, (_, r) => many.maskedPositions.subarray(5 * r, 5 * r + 5).join())).size).toBeGreaterThan(15);
  const tokens = randomTokens([[26]], 50);
  const data = pretrainingData({ tokens, tokenizer: vocabulary(50), batchSize: 1, sequenceLength: 28 });
  expect(data.batchesPerEpoch).toBe(1);
  const masks = new Set(Array.from({ length: 20 }, (_, epoch) => data.batch(epoch).maskedPositions.join()));
  expect(masks.size).toBeGreaterThan(15);
});

it.each([
  [{ batchSize: 0 }, /option 'batchSize'/],
  [{ maskProbability: 1.5 }, /option 'maskProbability'/],
  [{ sequenceLenght: 32 }, /there is no option 'sequenceLenght'.*sequenceLength/],
])('refuses %j', (wrong, message) => {
  const options = { tokens: randomTokens([[9]], 50), tokenizer: vocabulary(50), ...wrong };
  expect(() => pretrainingData(options)).toThrow(message);
});

it('refuses a corpus without tokens or of another tokenizer', () => {
  const empty = memoryTokens([], { vocabSize: 50 });
  expect(() => pretrainingData({ tokens: empty, tokenizer: vocabulary(50) })).toThrow(expect.objectContaining({ code: 'HOOKLINE_CORPUS' }));
  const other = { ...vocabulary(50), fingerprint: 'b' };
  const tokens = memoryTokens([[[5]]], { vocabSize: 50, tokenizer: 'a' });
  expect(() => pretrainingData({ tokens, tokenizer: other })).toThrow(expect.objectContaining({ code: 'HOOKLINE_TOKENS' }));
  expect(() => pretrainingData({ tokens, tokenizer: vocabulary(51) })).toThrow(/another tokenizer \(50 tokens; given: 51\)/);
});

import { type Data, HooklineError, parseOptions, permutation, uniform } from '@hookline/core';
import * as z from 'zod';
import { checkTokenizer, type TokenStore } from '../corpus/token-store.js';
import type { PretrainingBatch } from '../pretraining/batch.js';
import type { Examples } from './examples.js';
import { drawsPerRow, type MaskingVocabulary, masker } from './masking.js';
import { sentencePairs } from './sentence-pairs.js';
import { windowExamples } from './windows.js';

const whole = (minimum: number) => z.int().min(minimum);

/** The choices of pre-training data, each with its default; names are the field's. */
export const pretrainingDataOptions = z.strictObject({
  /** Rows a batch; default 32. */
  batchSize: whole(1).default(32),
  /** Tokens a row, special tokens included; default 128. */
  sequenceLength: whole(4).max(65_536).default(128),
  /** Places for masked positions a row; default: maskProbability of the row, rounded up. */
  maskedPerRow: whole(1).optional(),
  /** Share of tokens that are to be predicted; default 0.15. */
  maskProbability: z.number().gt(0).lt(1).default(0.15),
  /** Whether the pieces of a word are masked together; default false. */
  wholeWord: z.boolean().default(false),
  /** Whether rows are sentence pairs with a label, for next-sentence prediction; default false: windows inside a document. */
  nextSentence: z.boolean().default(false),
  /** Whether each epoch has an order of its own; default true. */
  shuffle: z.boolean().default(true),
  /** Key of order, masks and pairs; default 0. */
  seed: whole(0).default(0),
});

export interface PretrainingDataOptions extends z.input<typeof pretrainingDataOptions> {
  readonly tokens: TokenStore;
  /** The tokenizer that made `tokens`, or its special ids and size. */
  readonly tokenizer: MaskingVocabulary & { readonly fingerprint?: string };
}

/** Pre-training data: every batch has the same shapes, and is a pure function of its position. */
export interface PretrainingData extends Data<PretrainingBatch> {
  /** Windows, or sentence pairs, of the corpus. */
  readonly examples: number;
  readonly batchSize: number;
  readonly sequenceLength: number;
  readonly maskedPerRow: number;
  batch(position: number): PretrainingBatch;
}

/** How the rows of a batch are made: shared by training and evaluation data. */
export interface RowMaker {
  readonly examples: Examples;
  readonly shape: { readonly sequenceLength: number; readonly maskedPerRow: number };
  /** @param rows example and epoch of each row; masks are keyed by both */
  batch(rows: readonly (readonly [example: number, epoch: number])[]): PretrainingBatch;
}

/** @param stream name of the draws of masks: independent of those of other names */
export function rowMaker(options: PretrainingDataOptions, stream: string): RowMaker & { readonly options: z.output<typeof pretrainingDataOptions> } {
  const { tokens, tokenizer, ...given } = options;
  const parsed = parseOptions('pretrainingData', pretrainingDataOptions, given);
  const { sequenceLength, maskProbability, wholeWord, nextSentence, seed } = parsed;
  const maskedPerRow = Math.min(parsed.maskedPerRow ?? Math.ceil(sequenceLength * maskProbability), sequenceLength);
  checkTokenizer(tokens, tokenizer);
  const examples = nextSentence ? sentencePairs(tokens, tokenizer, sequenceLength, seed) : windowExamples(tokens, tokenizer, sequenceLength);
  if (examples.count === 0) throw new HooklineError('HOOKLINE_CORPUS', 'the corpus has no tokens', { hint: 'give at least one document with text' });
  const mask = masker(tokenizer, { maskedPerRow, maskProbability, wholeWord });
  const draws = drawsPerRow(sequenceLength);

  return {
    options: parsed,
    examples,
    shape: { sequenceLength, maskedPerRow },
    batch(rows) {
      const [B, S, P] = [rows.length, sequenceLength, maskedPerRow];
      const inputIds = new Int32Array(B * S).fill(tokenizer.padTokenId); // [B·S]
      const tokenTypeIds = new Int32Array(B * S); // [B·S]
      const attentionMask = new Int32Array(B * S); // [B·S]
      const maskedPositions = new Int32Array(B * P); // [B·P]
      const maskedIds = new Int32Array(B * P); // [B·P]
      const maskedWeights = new Float32Array(B * P); // [B·P]
      const nextSentenceLabels = new Int32Array(B); // [B]
      rows.forEach(([example, epoch], r) => {
        const row = inputIds.subarray(r * S, (r + 1) * S);
        const { length, label } = examples.write(example, epoch, row, tokenTypeIds.subarray(r * S, (r + 1) * S));
        attentionMask.fill(1, r * S, r * S + length);
        nextSentenceLabels[r] = label;
        mask(row, length, (i) => uniform(seed, stream, epoch, example * draws + i), {
          positions: maskedPositions.subarray(r * P, (r + 1) * P),
          ids: maskedIds.subarray(r * P, (r + 1) * P),
          weights: maskedWeights.subarray(r * P, (r + 1) * P),
        });
      });
      const batch = { batchSize: B, sequenceLength: S, maskedPerRow: P, inputIds, tokenTypeIds, attentionMask, maskedPositions, maskedIds, maskedWeights };
      return examples.pairs ? { ...batch, nextSentenceLabels } : batch;
    },
  };
}

/** Items of each objective in a batch: weights of masked positions for `mlm`, rows for `nsp` where there are labels. */
export function pretrainingCounts(batch: PretrainingBatch): { mlm: number; nsp?: number } {
  const mlm = batch.maskedWeights.reduce((sum, weight) => sum + weight, 0);
  return batch.nextSentenceLabels ? { mlm, nsp: batch.batchSize } : { mlm };
}

/**
 * Batches of masked windows or sentence pairs. The examples form an endless row of epochs, each in an order of its own, and a batch
 * takes the next B of them: every example comes once an epoch, and the batch at an epoch's end goes on into the next epoch.
 * An example has other masks in each epoch. `batchesPerEpoch` is examples / B, rounded up.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_CORPUS`, `HOOKLINE_TOKENS`
 */
export function pretrainingData(options: PretrainingDataOptions): PretrainingData {
  const maker = rowMaker(options, 'mask');
  const { batchSize, shuffle, seed } = maker.options;
  const { count } = maker.examples;
  const orders = new Map<number, Uint32Array>(); // of two epochs at most: what makes `batch` fast, not what it depends on
  const exampleAt = (draw: number): readonly [number, number] => {
    const epoch = Math.floor(draw / count);
    if (!shuffle) return [draw % count, epoch];
    let order = orders.get(epoch);
    if (!order) {
      for (const old of orders.keys()) if (Math.abs(old - epoch) > 1) orders.delete(old);
      order = permutation(seed, 'order', epoch, count);
      orders.set(epoch, order);
    }
    return [order[draw % count]!, epoch];
  };
  return {
    examples: count,
    batchSize,
    ...maker.shape,
    batchesPerEpoch: Math.ceil(count / batchSize),
    batch: (position) => maker.batch(Array.from({ length: batchSize }, (_, r) => exampleAt(position * batchSize + r))),
    counts: pretrainingCounts,
  };
}

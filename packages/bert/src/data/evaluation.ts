import type { TokenStore } from '../corpus/token-store.js';
import { logUnigram } from '../model/initialize.js';
import type { PretrainingBatch } from '../pretraining/batch.js';
import { type PretrainingDataOptions, rowMaker } from './pretraining-data.js';

export interface EvaluationOptions extends Omit<PretrainingDataOptions, 'shuffle'> {
  /** At most this many batches, of examples spread evenly over the corpus; default: all. */
  readonly batches?: number;
}

/**
 * Batches with fixed masks and pairs, to evaluate on: the same for every model, seed of training and time. They are drawn from
 * streams of their own. All have the same shapes: B is smaller where there are fewer examples, and up to B − 1 examples that
 * would not fill a batch are left out.
 */
export function evaluationBatches(options: EvaluationOptions): readonly PretrainingBatch[] {
  const { batches: limit = Number.POSITIVE_INFINITY, ...dataOptions } = options;
  const maker = rowMaker({ ...dataOptions, shuffle: false }, 'evaluationMask');
  const { count } = maker.examples;
  const B = Math.min(maker.options.batchSize, count);
  const batches = Math.max(1, Math.min(limit, Math.floor(count / B)));
  const chosen = (i: number): number => Math.floor(((i + 0.5) * count) / (batches * B));
  return Array.from({ length: batches }, (_, k) => maker.batch(Array.from({ length: B }, (_, r) => [chosen(k * B + r), 0] as const)));
}

/** How often each token occurs in a corpus. */
export function unigramCounts(tokens: TokenStore): Float64Array {
  const counts = new Float64Array(tokens.vocabSize); // [V]
  const stretch = 65_536;
  for (let document = 0; document < tokens.documents; document++) {
    const length = tokens.length(document);
    for (let from = 0; from < length; from += stretch) {
      for (const id of tokens.slice(document, from, Math.min(from + stretch, length))) counts[id]!++;
    }
  }
  return counts;
}

/** Share of each token in a corpus, one occurrence added to each so that none is 0; they sum to 1. */
export function unigramFrequencies(tokens: TokenStore): Float64Array {
  const total = tokens.tokens + tokens.vocabSize;
  return unigramCounts(tokens).map((count) => (count + 1) / total);
}

/**
 * Mean of −log share over the masked tokens of batches, in nats: the MLM loss of a model that knows how common tokens are and reads
 * nothing. The line that a model has to get below to have learnt from context.
 * @param counts of the training text, as `unigramCounts` gives them: the cross-entropy of held-out tokens under its shares
 */
export function unigramEntropy(batches: readonly PretrainingBatch[], counts: ArrayLike<number>): number {
  const logShare = logUnigram(counts);
  let sum = 0;
  let weight = 0;
  for (const { maskedIds, maskedWeights } of batches) {
    maskedWeights.forEach((w, i) => {
      sum -= w * logShare[maskedIds[i]!]!;
      weight += w;
    });
  }
  return sum / weight;
}

import { type Data, permutation } from '@hookline/core';
import type { FineTuningBatch } from './batch.js';
import type { EncodedExamples } from './encoded-examples.js';
import type { RowTarget } from './targets.js';

export interface FineTuningDataOptions {
  readonly encoded: EncodedExamples;
  /** Of each example. */
  readonly targets: readonly RowTarget[];
  /** Rows a batch. */
  readonly batchSize: number;
  /** Whether each epoch has an order of its own. */
  readonly shuffle: boolean;
  /** Whether examples of about the same length share a batch. */
  readonly bucketing: boolean;
  /** Key of the orders. */
  readonly seed: number;
}

/** Batches whose lengths are sorted together, where batches are made by length: enough to save padding, few enough to keep them random. */
const bucketBatches = 50;

/** Chunks of at most `size`. */
const chunks = (list: readonly number[], size: number): number[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/**
 * The batches of an epoch, in order: a pure function of seed and epoch. With bucketing, runs of 50 batches of the epoch's order are sorted by
 * length and cut, and the batches then come in a random order.
 */
function epochBatches({ encoded, batchSize, shuffle, bucketing, seed }: FineTuningDataOptions, epoch: number): readonly (readonly number[])[] {
  const order = shuffle ? Array.from(permutation(seed, 'order', epoch, encoded.count)) : Array.from({ length: encoded.count }, (_, i) => i);
  if (!bucketing) return chunks(order, batchSize);
  const sorted = chunks(order, bucketBatches * batchSize).flatMap((run) =>
    chunks(
      [...run].sort((a, b) => encoded.length(a) - encoded.length(b)),
      batchSize,
    ),
  );
  return shuffle ? Array.from(permutation(seed, 'batches', epoch, sorted.length), (i) => sorted[i]!) : sorted;
}

/**
 * Batches of labelled examples, each a pure function of its position: every example comes once an epoch. The last batch of an epoch is filled up with copies
 * of its first row that count nothing, so that all batches have as many rows.
 */
export function fineTuningData(options: FineTuningDataOptions): Data<FineTuningBatch> {
  const { encoded, targets } = options;
  const batchSize = Math.min(options.batchSize, encoded.count);
  const batchesPerEpoch = Math.ceil(encoded.count / batchSize);
  const given = { ...options, batchSize };
  const epochs = new Map<number, readonly (readonly number[])[]>(); // the current and the next: what makes `batch` fast, not what it depends on
  const batchesOf = (epoch: number): readonly (readonly number[])[] => {
    const before = epochs.get(epoch);
    if (before) return before;
    for (const old of epochs.keys()) if (Math.abs(old - epoch) > 1) epochs.delete(old);
    const made = epochBatches(given, epoch);
    epochs.set(epoch, made);
    return made;
  };
  return {
    batchesPerEpoch,
    batch(position) {
      const chosen = batchesOf(Math.floor(position / batchesPerEpoch))[position % batchesPerEpoch]!;
      const rows = Array.from({ length: batchSize }, (_, r) => chosen[r] ?? chosen[0]!);
      const wide = targets[chosen[0]!]!.values.length;
      const values = new Float32Array(batchSize * wide); // [B·C]
      const rowWeights = new Float32Array(batchSize); // [B]
      for (const [r, example] of chosen.entries()) {
        values.set(targets[example]!.values, r * wide);
        rowWeights[r] = targets[example]!.weight;
      }
      return { ...encoded.rows(rows), targets: values, rowWeights };
    },
    counts: ({ rowWeights }) => ({ task: rowWeights.reduce((sum, weight) => sum + weight, 0) }),
  };
}

import type { PretrainingBatch } from '@hookline/bert';
import type { Data } from '@hookline/core';

/** What `start` trains on. */
export interface StartData {
  /** Training data and held-out batches, in the form of `bertPretraining`. */
  readonly pretraining: {
    readonly train: Data<PretrainingBatch>;
    readonly evaluation: Readonly<Record<string, readonly PretrainingBatch[]>>;
    readonly unigram: ArrayLike<number>;
  };
  /** In words, e.g. `229 State of the Union speeches`. */
  readonly about: string;
  /** Held-out documents, in words. */
  readonly heldOut: string;
  /** Loss on the held-out batches of a model that knows how common tokens are and reads nothing, in nats. */
  readonly unigramEntropy: number;
}

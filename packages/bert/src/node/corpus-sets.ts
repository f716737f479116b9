import { given } from '@hookline/core';
import { evaluationBatches, unigramCounts, unigramEntropy } from '../data/evaluation.js';
import { type PretrainingData, type PretrainingDataOptions, pretrainingData } from '../data/pretraining-data.js';
import type { PretrainingBatch } from '../pretraining/batch.js';
import type { PretrainingSets } from '../pretraining/options.js';
import type { Tokenizer } from '../tokenizer/wordpiece.js';
import { type PrepareCorpusOptions, prepareCorpus } from './prepare-corpus.js';

type Rows = Omit<PretrainingDataOptions, 'tokens' | 'tokenizer'>;

export interface CorpusSetsOptions extends PrepareCorpusOptions, Rows {
  /** Held-out batches at most; default: all. */
  readonly evaluationBatches?: number;
}

/** A corpus as `bertPretraining` takes it, with what is known of it. */
export interface CorpusSets extends PretrainingSets {
  readonly train: PretrainingData;
  /** The held-out documents in batches whose masks depend on nothing but the documents. */
  readonly evaluation: { readonly heldOut: readonly PretrainingBatch[] };
  readonly unigram: ArrayLike<number>;
  readonly vocabSize: number;
  readonly sequenceLength: number;
  readonly tokenizer: Tokenizer;
  readonly trainTokens: number;
  readonly heldOutTokens: number;
  readonly trainDocuments: number;
  readonly heldOutDocuments: number;
  /** Loss on the held-out batches of a model that knows how common tokens are and reads nothing, in nats. */
  readonly unigramEntropy: number;
  /** Closes the token cache's file, where there is one. */
  close(): void;
}

/**
 * From a text file, a folder or documents to batches: tokenizer (given, or trained), training data, held-out batches and token counts.
 * @throws HooklineError `HOOKLINE_CORPUS`, `HOOKLINE_UTF8`, `HOOKLINE_VOCABULARY`, `HOOKLINE_OPTIONS`
 */
export async function corpusSets(options: CorpusSetsOptions): Promise<CorpusSets> {
  const { batchSize, sequenceLength, maskedPerRow, maskProbability, wholeWord, nextSentence, shuffle, seed, evaluationBatches: batches, ...corpus } = options;
  const { tokenizer, train: tokens, heldOut, close } = await prepareCorpus(corpus);
  const rows: Rows = given({ batchSize, sequenceLength, maskedPerRow, maskProbability, wholeWord, nextSentence });
  const train = pretrainingData({ ...rows, ...given({ shuffle, seed }), tokens, tokenizer });
  const heldOutBatches = evaluationBatches({ ...rows, tokens: heldOut, tokenizer, seed: 0, ...given({ batches }) });
  const unigram = unigramCounts(tokens);
  return {
    train,
    evaluation: { heldOut: heldOutBatches },
    unigram,
    vocabSize: tokenizer.vocabSize,
    sequenceLength: train.sequenceLength,
    tokenizer,
    trainTokens: tokens.tokens,
    heldOutTokens: heldOut.tokens,
    trainDocuments: tokens.documents,
    heldOutDocuments: heldOut.documents,
    unigramEntropy: unigramEntropy(heldOutBatches, unigram),
    close,
  };
}

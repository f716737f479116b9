import { evaluationBatches, type PretrainingBatch, pretrainingData, type Tokenizer, unigramCounts, unigramEntropy } from '@hookline/bert';
import { prepareCorpus } from '@hookline/bert/node';
import type { Data } from '@hookline/core';
import { documentsFromSotu, sotuHeldOut, sotuSpeeches } from '../corpora/sotu.js';
import type { PretrainConfig } from './config.js';
import { heldOutSet } from './plugins.js';

/** Data of a run, ready for a learner. */
export interface RunData {
  readonly tokenizer: Tokenizer;
  readonly sets: {
    readonly train: Data<PretrainingBatch>;
    readonly evaluation: Readonly<Record<string, readonly PretrainingBatch[]>>;
    readonly unigram: ArrayLike<number>;
  };
  readonly examples: number;
  readonly trainTokens: number;
  readonly heldOutTokens: number;
  /** Loss on the held-out batches of a model that knows how common tokens are and reads nothing, in nats. */
  readonly unigramEntropy: number;
  close(): void;
}

export interface LoadDataOptions {
  readonly onStage?: (text: string) => void;
  /** Tokenizer of an earlier run, instead of the configuration's. */
  readonly tokenizer?: Tokenizer;
}

/**
 * Reads the corpus of a configuration, trains a vocabulary where none is given, and makes training data and fixed held-out batches.
 * @throws HooklineError `HOOKLINE_CORPUS`, `HOOKLINE_UTF8`, `HOOKLINE_VOCABULARY`, `HOOKLINE_OPTIONS`
 */
export async function loadData(config: PretrainConfig, { onStage, tokenizer: given }: LoadDataOptions = {}): Promise<RunData> {
  const { corpus, vocabulary, batchSize, sequenceLength, maskedPerRow, wholeWord, seed } = config;
  const tokenizer = given ?? vocabulary.file;
  const { source, heldOut, documents, sentences, field } = corpus;
  const from =
    source === 'sotu'
      ? { source: documentsFromSotu(sotuSpeeches()), heldOut: sotuHeldOut }
      : { source, heldOut, sentences, field, ...(documents === undefined ? {} : { documents }) };
  let told = '';
  const prepared = await prepareCorpus({
    ...from,
    ...(tokenizer === undefined ? { vocabSize: vocabulary.size, lowercase: vocabulary.lowercase } : { tokenizer }),
    ...(corpus.cache === undefined ? {} : { cacheDirectory: corpus.cache }),
    onProgress: ({ stage }) => {
      if (stage !== told) onStage?.(stage === 'tokens' ? 'tokenizing the corpus' : 'training a vocabulary');
      told = stage;
    },
    ...(onStage ? { onWarning: onStage } : {}),
  });
  const rows = {
    tokenizer: prepared.tokenizer,
    batchSize,
    sequenceLength,
    wholeWord,
    nextSentence: config.objective.includes('nsp'),
    ...(maskedPerRow === undefined ? {} : { maskedPerRow }),
  };
  const train = pretrainingData({ ...rows, tokens: prepared.train, seed });
  const batches = evaluationBatches({ ...rows, tokens: prepared.heldOut, batches: config.evaluation.batches, seed: 0 });
  const unigram = unigramCounts(prepared.train);
  return {
    tokenizer: prepared.tokenizer,
    sets: { train, evaluation: { [heldOutSet]: batches }, unigram },
    examples: train.examples,
    trainTokens: prepared.train.tokens,
    heldOutTokens: prepared.heldOut.tokens,
    unigramEntropy: unigramEntropy(batches, unigram),
    close: prepared.close,
  };
}

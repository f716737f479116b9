import type { Tokenizer } from '@hookline/bert';
import { type CorpusSets, corpusSets } from '@hookline/bert/node';
import { documentsFromSotu, sotuHeldOut, sotuSpeeches } from '../corpora/sotu.js';
import type { PretrainConfig } from './config.js';
import { defaultCache } from './default-cache.js';

export interface LoadDataOptions {
  readonly onStage?: (text: string) => void;
  /** Tokenizer of an earlier run or of a checkpoint, instead of the configuration's. */
  readonly tokenizer?: Tokenizer;
  /** Ends the reading: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the corpus of a configuration, trains a vocabulary where none is given, and makes training data and fixed held-out batches.
 * @throws HooklineError `HOOKLINE_CORPUS`, `HOOKLINE_UTF8`, `HOOKLINE_VOCABULARY`, `HOOKLINE_OPTIONS`
 */
export function loadData(config: PretrainConfig, { onStage, tokenizer: given, signal }: LoadDataOptions = {}): Promise<CorpusSets> {
  const { corpus, vocabulary, batchSize, sequenceLength, maskedPerRow, wholeWord, seed } = config;
  const tokenizer = given ?? vocabulary.file;
  const { source, heldOut, documents, sentences, field } = corpus;
  const from =
    source === 'sotu'
      ? { source: documentsFromSotu(sotuSpeeches()), heldOut: sotuHeldOut }
      : { source, heldOut, sentences, field, ...(documents === undefined ? {} : { documents }) };
  const cacheDirectory = corpus.cache ?? defaultCache(source);
  let told = '';
  return corpusSets({
    ...from,
    ...(tokenizer === undefined ? { vocabSize: vocabulary.size, lowercase: vocabulary.lowercase } : { tokenizer }),
    ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    onProgress: ({ stage }) => {
      signal?.throwIfAborted();
      if (stage !== told) onStage?.(stage === 'tokens' ? 'tokenizing the corpus' : 'training a vocabulary');
      told = stage;
    },
    ...(onStage ? { onWarning: onStage } : {}),
    batchSize,
    sequenceLength,
    wholeWord,
    nextSentence: config.objective.includes('nsp'),
    ...(maskedPerRow === undefined ? {} : { maskedPerRow }),
    seed,
    evaluationBatches: config.evaluation.batches,
  });
}

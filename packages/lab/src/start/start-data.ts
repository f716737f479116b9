import { corpusSets } from '@hookline/bert/node';
import { documentsFromSotu, sotuHeldOut, sotuSpeeches } from '../corpora/sotu.js';
import type { StartData } from './data.js';
import type { StartShape } from './shape.js';

/** Reads the speeches, trains a vocabulary, and makes training data and fixed held-out batches; all in memory. A signal ends it: its reason is thrown. */
export async function loadStartData(shape: StartShape, seed: number, signal?: AbortSignal): Promise<StartData> {
  const { vocabSize, batchSize, sequenceLength, maskedPerRow, heldOutBatches } = shape;
  const source = documentsFromSotu(sotuSpeeches(), { sentences: false });
  const data = await corpusSets({
    source,
    heldOut: sotuHeldOut,
    vocabSize,
    batchSize,
    sequenceLength,
    maskedPerRow,
    seed,
    evaluationBatches: heldOutBatches,
    onProgress: () => signal?.throwIfAborted(),
  });
  return {
    pretraining: { train: data.train, evaluation: data.evaluation, unigram: data.unigram },
    about: `${data.trainDocuments} State of the Union speeches`,
    heldOut: `${data.heldOutDocuments} speeches of whole years, ${data.evaluation.heldOut.length} batches`,
    unigramEntropy: data.unigramEntropy,
  };
}

import { evaluationBatches, pretrainingData, unigramCounts, unigramEntropy } from '@hookline/bert';
import { prepareCorpus } from '@hookline/bert/node';
import { documentsFromSotu, sotuHeldOut, sotuSpeeches } from '../corpora/sotu.js';
import type { StartData } from './data.js';
import type { StartShape } from './shape.js';

/** Reads the speeches, trains a vocabulary, and makes training data and fixed held-out batches; all in memory. */
export async function loadStartData(shape: StartShape, seed: number): Promise<StartData> {
  const documents = documentsFromSotu(sotuSpeeches(), { sentences: false });
  const { tokenizer, train, heldOut } = await prepareCorpus({ source: documents, heldOut: sotuHeldOut, vocabSize: shape.vocabSize });
  const { batchSize, sequenceLength, maskedPerRow } = shape;
  const rows = { tokenizer, batchSize, sequenceLength, maskedPerRow };
  const batches = evaluationBatches({ ...rows, tokens: heldOut, batches: shape.heldOutBatches, seed: 0 });
  const unigram = unigramCounts(train);
  return {
    pretraining: { train: pretrainingData({ ...rows, tokens: train, seed }), evaluation: { heldOut: batches }, unigram },
    about: `${train.documents} State of the Union speeches`,
    heldOut: `${heldOut.documents} speeches of whole years, ${batches.length} batches`,
    unigramEntropy: unigramEntropy(batches, unigram),
  };
}

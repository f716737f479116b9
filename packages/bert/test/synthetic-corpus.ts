import { uniform } from '@hookline/core';
import { memoryTokens, type TokenStore } from '../src/corpus/token-store.js';
import type { MaskingVocabulary } from '../src/data/masking.js';

/** Ids 0-4 are [PAD] [UNK] [CLS] [SEP] [MASK]; of the others each with an id that is 0 modulo 3 continues a word. */
export const vocabulary = (vocabSize: number): MaskingVocabulary => ({
  padTokenId: 0,
  unkTokenId: 1,
  clsTokenId: 2,
  sepTokenId: 3,
  maskTokenId: 4,
  vocabSize,
  continuations: Uint8Array.from({ length: vocabSize }, (_, id) => (id > 4 && id % 3 === 0 ? 1 : 0)),
});

/** A store of documents with sentences of the given lengths, and keyed ids that are not special. */
export const randomTokens = (documents: readonly (readonly number[])[], vocabSize: number, seed = 0): TokenStore => {
  let drawn = 0;
  const id = (): number => 5 + Math.floor(uniform(seed, 'ids', 0, drawn++) * (vocabSize - 5));
  return memoryTokens(
    documents.map((sentences) => sentences.map((length) => Array.from({ length }, id))),
    { vocabSize },
  );
};

/** A store in which every token tells where it stands: ids count up from 5. */
export const countingTokens = (documents: readonly (readonly number[])[]): TokenStore => {
  let next = 5;
  const ids = documents.map((sentences) => sentences.map((length) => Array.from({ length }, () => next++)));
  return memoryTokens(ids, { vocabSize: next });
};

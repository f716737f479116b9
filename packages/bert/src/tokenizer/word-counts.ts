import { createLibrary, mendText, tokenizerJson, type WordPieceSettings } from './library.js';
import { chunksOf, uncased } from './wordpiece.js';

/** Counts the words of texts as the tokenizer sees them: normalized, split at spaces and punctuation. */
export interface WordCounter {
  add(text: string): void;
  /** Occurrences by word. */
  counts(): ReadonlyMap<string, number>;
}

/** Distinct strings between spaces that are kept before they are split into words. */
const pendingLimit = 500_000;

export function wordCounter(given: Partial<WordPieceSettings> = {}): WordCounter {
  const settings = { ...uncased, ...given };
  const library = createLibrary(tokenizerJson(['[UNK]'], [], settings));
  const pending = new Map<string, number>();
  const words = new Map<string, number>();
  const settle = (): void => {
    for (const [chunk, count] of pending) {
      for (const word of library.pre_tokenizer!(library.normalizer!(mendText(chunk, settings)))) words.set(word, (words.get(word) ?? 0) + count);
    }
    pending.clear();
  };
  return {
    add(text) {
      for (const chunk of chunksOf(text)) pending.set(chunk, (pending.get(chunk) ?? 0) + 1);
      if (pending.size >= pendingLimit) settle();
    },
    counts() {
      settle();
      return words;
    },
  };
}

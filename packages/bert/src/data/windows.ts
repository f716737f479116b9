import type { TokenStore } from '../corpus/token-store.js';
import type { SpecialTokenIds } from '../tokenizer/vocabulary.js';
import type { Examples } from './examples.js';

/**
 * Windows `[CLS] … [SEP]` of S − 2 tokens that lie edge to edge inside each document; a document's last window may be shorter.
 * Every token of the corpus is in exactly one window.
 */
export function windowExamples(tokens: TokenStore, vocabulary: SpecialTokenIds, sequenceLength: number): Examples {
  const room = sequenceLength - 2;
  const firstWindow = new Float64Array(tokens.documents + 1);
  for (let document = 0; document < tokens.documents; document++) {
    firstWindow[document + 1] = firstWindow[document]! + Math.ceil(tokens.length(document) / room);
  }
  return {
    count: firstWindow[tokens.documents]!,
    pairs: false,
    write(example, _epoch, ids) {
      const document = lastAtMost(firstWindow, example);
      const from = (example - firstWindow[document]!) * room;
      const window = tokens.slice(document, from, Math.min(from + room, tokens.length(document)));
      ids[0] = vocabulary.clsTokenId;
      ids.set(window, 1);
      ids[window.length + 1] = vocabulary.sepTokenId;
      return { length: window.length + 2, label: 0 };
    },
  };
}

/** Index of the last element that is at most a value, in an ascending array whose first element is. */
export function lastAtMost(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

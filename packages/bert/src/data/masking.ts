import type { SpecialTokenIds } from '../tokenizer/vocabulary.js';

/** What masking needs to know of a tokenizer; a `Tokenizer` will do. */
export interface MaskingVocabulary extends SpecialTokenIds {
  readonly vocabSize: number;
  /** 1 for tokens that continue a word, by id; needed for whole-word masking. */
  readonly continuations: Uint8Array;
}

export interface MaskingOptions {
  /** Places for masked positions a row. */
  readonly maskedPerRow: number;
  /** Share of a row's tokens, special ones counted, that are to be predicted. */
  readonly maskProbability: number;
  /** Whether the pieces of a word are masked together. */
  readonly wholeWord: boolean;
}

/** Where a row's masked positions go; each of length P, zeroed before. */
export interface MaskedRow {
  readonly positions: Int32Array; // [P]
  readonly ids: Int32Array; // [P]
  readonly weights: Float32Array; // [P]
}

/** Draws that masking one row of S tokens takes at most. */
export const drawsPerRow = (sequenceLength: number): number => 3 * sequenceLength;

/**
 * Masks rows as BERT's `create_masked_lm_predictions` (google-research/bert): min(P, max(1, round(probability · tokens))) positions
 * are to be predicted; of these 80 % become [MASK], 10 % a random token, 10 % stay as they are. Special tokens, [UNK] among them,
 * are never masked. Two deviations: a random token is never a special one; and where whole words are masked and not one of the
 * row's words is short enough, the beginning of one is masked, so that a row with text always has something to predict.
 * @returns a function that masks `row` in place, its first `length` tokens being no padding, and says how many positions it masked;
 *   `draw(i)` gives the i-th of the row's draws in [0, 1), i below `drawsPerRow`
 */
export function masker(
  vocabulary: MaskingVocabulary,
  options: MaskingOptions,
): (row: Int32Array, length: number, draw: (index: number) => number, masked: MaskedRow) => number {
  const { maskedPerRow, maskProbability, wholeWord } = options;
  const { padTokenId, unkTokenId, clsTokenId, sepTokenId, maskTokenId, vocabSize, continuations } = vocabulary;
  const special = [padTokenId, unkTokenId, clsTokenId, sepTokenId, maskTokenId].sort((a, b) => a - b);
  const isSpecial = new Set(special);
  const randomToken = (u: number): number => special.reduce((id, one) => (id >= one ? id + 1 : id), Math.floor(u * (vocabSize - special.length)));

  return (row, length, draw, masked) => {
    const words = maskableWords(row, length, isSpecial, wholeWord ? continuations : undefined);
    const wanted = Math.min(maskedPerRow, Math.max(1, Math.round(length * maskProbability)));
    const chosen = chooseWords(words, wanted, draw);
    const S = row.length;
    chosen.forEach((position, place) => {
      masked.positions[place] = position;
      masked.ids[place] = row[position]!;
      masked.weights[place] = 1;
      const u = draw(S + place);
      if (u < 0.8) row[position] = maskTokenId;
      else if (u < 0.9) row[position] = randomToken(draw(2 * S + place));
    });
    return chosen.length;
  };
}

/** First position and length of each word that may be masked; each token is a word of its own without `continuations`. */
function maskableWords(row: Int32Array, length: number, isSpecial: ReadonlySet<number>, continuations: Uint8Array | undefined): (readonly [number, number])[] {
  const words: [number, number][] = [];
  for (let position = 0; position < length; position++) {
    const id = row[position]!;
    if (isSpecial.has(id)) continue;
    const last = words.at(-1);
    if (last && continuations?.[id] === 1 && last[0] + last[1] === position) last[1]++;
    else words.push([position, 1]);
  }
  return words;
}

/** Positions of words in a drawn order (Fisher-Yates), passing over those that do not fit any more; ascending. */
function chooseWords(words: (readonly [number, number])[], wanted: number, draw: (index: number) => number): number[] {
  const chosen: number[] = [];
  for (let i = 0; i < words.length && chosen.length < wanted; i++) {
    const j = i + Math.floor(draw(i) * (words.length - i));
    const word = words[j]!;
    words[j] = words[i]!;
    words[i] = word;
    if (chosen.length + word[1] <= wanted) for (let k = 0; k < word[1]; k++) chosen.push(word[0] + k);
  }
  if (chosen.length === 0 && words[0]) for (let k = 0; k < wanted; k++) chosen.push(words[0][0] + k);
  return chosen.sort((a, b) => a - b);
}

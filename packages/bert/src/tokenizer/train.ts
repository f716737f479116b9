import { HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { type CountedWord, mergePairs } from './merges.js';
import { specialTokens } from './vocabulary.js';
import { wordCounter } from './word-counts.js';
import { type Tokenizer, uncased, wordPiece } from './wordpiece.js';

/** Choices of vocabulary training, each with its default. */
export const trainWordPieceOptions = z.strictObject({
  /** Tokens of the vocabulary, special ones and alphabet included; it becomes smaller where the text gives out. */
  vocabSize: z
    .int()
    .min(1)
    .max(2 ** 24),
  /** Whether text is lowercased and stripped of accents; default true. */
  lowercase: z.boolean().default(true),
  /** Pairs that occur less often are not merged; default 2. */
  minFrequency: z.int().min(1).default(2),
  /** Characters of the alphabet, printable ASCII included, the most frequent first; default: ASCII and an eighth of vocabSize more, at most 1000. */
  limitAlphabet: z.int().min(1).optional(),
});

export type TrainWordPieceOptions = z.input<typeof trainWordPieceOptions>;

const asciiCharacters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
const continues = (character: string): boolean => /^[A-Za-z0-9]$/.test(character); // punctuation is always a word of its own
const byCodePoint = (a: string, b: string): number => a.codePointAt(0)! - b.codePointAt(0)!;
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The characters that vocabulary and text share: printable ASCII always, then the most frequent. */
function alphabetOf(words: readonly (readonly [string, number])[], limit: number, ascii: readonly string[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const [word, count] of words) for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  const others = [...counts].filter(([character]) => !ascii.includes(character)).sort(([a, n], [b, m]) => m - n || byCodePoint(a, b));
  return new Set([...ascii, ...others.slice(0, Math.max(0, limit - ascii.length)).map(([character]) => character)]);
}

/**
 * A WordPiece vocabulary from counted words: `[PAD] [UNK] [CLS] [SEP] [MASK]`, the alphabet by code point, its `##` forms, then merged
 * pieces in the order of their merging. Pairs are scored by frequency, as Hugging Face's WordPieceTrainer does (the original WordPiece
 * scored by likelihood). The same counts always give the same vocabulary, whatever their order. Words with a character outside
 * the alphabet are left out, as they become [UNK] anyway.
 * @throws HooklineError `HOOKLINE_OPTIONS` where vocabSize has no room for special tokens and alphabet
 */
export function trainVocabulary(counts: ReadonlyMap<string, number>, options: TrainWordPieceOptions): readonly string[] {
  const { vocabSize, lowercase, minFrequency, limitAlphabet } = parseOptions('trainWordPiece', trainWordPieceOptions, options);
  const ascii = lowercase ? asciiCharacters.filter((character) => character === character.toLowerCase()) : asciiCharacters;
  const sorted = [...counts].filter(([word]) => [...word].length <= uncased.maxInputCharsPerWord).sort(([a], [b]) => byCodeUnits(a, b));
  const alphabet = alphabetOf(sorted, limitAlphabet ?? ascii.length + Math.min(1000, Math.floor(vocabSize / 8)), ascii);
  const known = sorted.map(([word, count]) => [[...word], count] as const).filter(([characters]) => characters.every((one) => alphabet.has(one)));

  const inside = new Set(ascii.filter(continues));
  for (const [characters] of known) for (const character of characters.slice(1)) inside.add(character);
  const heads = [...alphabet].sort(byCodePoint);
  const tails = [...inside].sort(byCodePoint).map((character) => `##${character}`);
  const vocabulary: string[] = [...specialTokens, ...heads, ...tails];
  if (vocabulary.length > vocabSize) {
    throw new HooklineError('HOOKLINE_OPTIONS', `trainWordPiece: vocabSize ${vocabSize} has no room for the special tokens and the alphabet`, {
      hint: `give at least ${vocabulary.length}, or a lower limitAlphabet (now ${alphabet.size}, of which ${ascii.length} are ASCII)`,
    });
  }

  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const words = known.map(([characters, count]): CountedWord => ({ pieces: characters.map((c, i) => ids.get(i === 0 ? c : `##${c}`)!), count }));
  mergePairs(words, minFrequency, ({ left, right }) => {
    if (vocabulary.length >= vocabSize) return undefined;
    const token = vocabulary[left]! + vocabulary[right]!.slice(2);
    const id = ids.get(token) ?? vocabulary.push(token) - 1; // two ways lead to 'abc': a·bc and ab·c
    ids.set(token, id);
    return id;
  });
  return vocabulary;
}

/**
 * Trains a vocabulary and gives its tokenizer; deterministic: see `trainVocabulary`. For texts that come one by one, count their
 * words with `wordCounter`.
 */
export function trainWordPiece(texts: Iterable<string>, options: TrainWordPieceOptions): Tokenizer {
  const { lowercase } = parseOptions('trainWordPiece', trainWordPieceOptions, options);
  const counter = wordCounter({ lowercase });
  for (const text of texts) counter.add(text);
  return wordPiece(trainVocabulary(counter.counts(), options), { lowercase, source: 'the trained vocabulary' });
}

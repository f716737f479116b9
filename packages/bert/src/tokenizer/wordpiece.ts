import { HooklineError } from '@hookline/core';
import { type EncodedInput, type EncodeInputOptions, encodeInput } from './encode-input.js';
import { fingerprint } from './fingerprint.js';
import { type AddedToken, createLibrary, mendText, tokenizerJson, type WordPieceSettings } from './library.js';
import { type SpecialTokenIds, specialTokenIds, specialTokens } from './vocabulary.js';

/** BERT's tokenizer: text to ids and back. Ids are those of Hugging Face's BertTokenizerFast, exactly. */
export interface Tokenizer extends SpecialTokenIds {
  /** Tokens by id. */
  readonly vocabulary: readonly string[];
  readonly vocabSize: number;
  readonly settings: WordPieceSettings;
  /** 1 for tokens that continue a word (`##ing`), by id. */
  readonly continuations: Uint8Array;
  /** Tells tokenizers apart: 16 hexadecimal digits over vocabulary and settings. */
  readonly fingerprint: string;
  /**
   * Ids of a text, without [CLS] and [SEP].
   * @param options.parseSpecialTokens whether `[MASK]` written in the text is the special token, as for Hugging Face (the default),
   *   or five characters like any, as for Google and as a training corpus wants it
   */
  encode(text: string, options?: { readonly parseSpecialTokens?: boolean }): number[];
  /** A text, or a pair, as the model's input: `[CLS] a [SEP]` or `[CLS] a [SEP] b [SEP]`, cut longest first to `maxLength`, and padded where asked. */
  encodeInput(a: string, b: string | undefined, options: EncodeInputOptions): EncodedInput;
  /** Text of ids: pieces joined, space before punctuation dropped. Special tokens are left out unless `skipSpecialTokens` is false. */
  decode(ids: ArrayLike<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
  /** Id of a token, or undefined. */
  tokenId(token: string): number | undefined;
}

export interface WordPieceOptions extends Partial<WordPieceSettings> {
  /** What to call the vocabulary in errors, e.g. its path. */
  readonly source?: string;
  /** Tokens matched in the text as they stand, besides the special ones. */
  readonly addedTokens?: readonly AddedToken[];
}

/** As bert-base-uncased. */
export const uncased: WordPieceSettings = { lowercase: true, stripAccents: null, handleChineseChars: true, cleanText: true, maxInputCharsPerWord: 100 };

/** Distinct whitespace-delimited strings kept with their ids; about 30 MB when full. */
const cacheLimit = 200_000;

/**
 * A WordPiece tokenizer from the tokens of a vocabulary, in the order of their ids.
 * @throws HooklineError `HOOKLINE_VOCABULARY` where a special token is missing
 */
export function wordPiece(vocabulary: readonly string[], options: WordPieceOptions = {}): Tokenizer {
  const { source = 'the vocabulary', addedTokens = [], ...given } = options;
  const settings: WordPieceSettings = { ...uncased, ...given };
  const tokenIds = new Map(vocabulary.map((token, id) => [token, id]));
  const special = specialTokenIds(tokenIds, source);
  const added = [...specialTokens.map((content) => ({ id: tokenIds.get(content)!, content, special: true })), ...addedTokens];
  const library = createLibrary(tokenizerJson(vocabulary, added, settings));
  const cache = new Map<string, readonly number[]>();

  const idsOf = (chunk: string): readonly number[] => {
    const known = cache.get(chunk);
    if (known) return known;
    const words = library.pre_tokenizer!(library.normalizer!(mendText(chunk, settings)));
    const ids = library.model(words).map((token) => tokenIds.get(token)!);
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(chunk, ids);
    return ids;
  };

  const encode: Tokenizer['encode'] = (text, { parseSpecialTokens = true } = {}) => {
    if (parseSpecialTokens && added.some(({ content }) => text.includes(content))) {
      return library.encode(mendText(text, settings), { add_special_tokens: false }).ids;
    }
    const ids: number[] = [];
    for (const [chunk] of text.matchAll(/[^ \t\r\n]+/g)) for (const id of idsOf(chunk)) ids.push(id); // a word never crosses a space
    return ids;
  };

  return {
    ...special,
    vocabulary,
    vocabSize: vocabulary.length,
    settings,
    continuations: Uint8Array.from(vocabulary, (token) => (token.startsWith('##') && token.length > 2 ? 1 : 0)),
    fingerprint: fingerprint(JSON.stringify(settings), JSON.stringify(added), ...vocabulary),
    encode,
    encodeInput: (a, b, inputOptions) => encodeInput({ ...special, encode }, a, b, inputOptions),
    decode(ids, { skipSpecialTokens = true } = {}) {
      const list = Array.from(ids);
      const unknown = list.find((id) => vocabulary[id] === undefined);
      if (unknown !== undefined) {
        throw new HooklineError('HOOKLINE_VOCABULARY', `${source} has ids 0 to ${vocabulary.length - 1}; there is no token ${unknown}`, {
          hint: 'decode with the tokenizer that encoded',
        });
      }
      return list.length === 0 ? '' : library.decode(list, { skip_special_tokens: skipSpecialTokens });
    },
    tokenId: (token) => tokenIds.get(token),
  };
}

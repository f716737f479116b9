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
  /** Tokens matched in the text as they stand, besides the special ones. */
  readonly addedTokens: readonly AddedToken[];
  /** 1 for tokens that continue a word (`##ing`), by id. */
  readonly continuations: Uint8Array;
  /** Tells tokenizers apart: 16 hexadecimal digits over vocabulary, settings and added tokens. */
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

/** What stands between spaces; no word ever crosses one. */
export const chunksOf = (text: string): readonly string[] => text.match(/[^ \t\r\n]+/g) ?? [];

/** Strings kept with their ids in each of two caches; about 30 MB when full. */
const cacheLimit = 200_000;

function cached(ids: (text: string) => readonly number[]): (text: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (text) => {
    const before = known.get(text);
    if (before) return before;
    const computed = ids(text);
    if (known.size >= cacheLimit) known.clear();
    known.set(text, computed);
    return computed;
  };
}

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
  const idsOfWord = cached((word) => library.model([word]).map((token) => tokenIds.get(token)!));
  const idsOfChunk = cached((chunk) => library.pre_tokenizer!(library.normalizer!(mendText(chunk, settings))).flatMap(idsOfWord));

  const encode: Tokenizer['encode'] = (text, { parseSpecialTokens = true } = {}) => {
    if (parseSpecialTokens && added.some(({ content }) => text.includes(content))) {
      return library.encode(mendText(text, settings), { add_special_tokens: false }).ids;
    }
    const ids: number[] = [];
    for (const chunk of chunksOf(text)) for (const id of idsOfChunk(chunk)) ids.push(id);
    return ids;
  };

  return {
    ...special,
    vocabulary,
    vocabSize: vocabulary.length,
    settings,
    addedTokens,
    continuations: Uint8Array.from(vocabulary, (token) => (token.startsWith('##') && token.length > 2 ? 1 : 0)),
    fingerprint: fingerprint([JSON.stringify(settings), JSON.stringify(added), ...vocabulary]),
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

import { HooklineError } from '@hookline/core';
import type { Tokenizer } from '../tokenizer/wordpiece.js';
import type { DocumentPiece } from './documents.js';
import { growableIntegers } from './growable.js';

export type TokenIds = Uint16Array | Uint32Array;

/** A tokenized corpus: documents of sentences of ids, without special tokens; in memory or in a file. Documents are never empty. */
export interface TokenStore {
  /** How many documents. */
  readonly documents: number;
  /** Tokens of all documents. */
  readonly tokens: number;
  readonly vocabSize: number;
  /** Fingerprint of the tokenizer that made the ids; empty where it is not known. */
  readonly tokenizer: string;
  /** Tokens of a document. */
  length(document: number): number;
  /** Where the sentences of a document begin, in tokens: ascending, the first is 0. Not to be written to. */
  sentenceStarts(document: number): Uint32Array;
  /** Ids of the tokens `from` to `to` − 1 of a document. Not to be written to. */
  slice(document: number, from: number, to: number): TokenIds;
}

/** Where documents and sentences of a tokenized corpus begin: the part of a store that is always in memory. */
export interface TokenIndex {
  /** First token of each document, and the end of the last. */
  readonly documentStarts: ArrayLike<number>; // [documents + 1]
  /** First sentence of each document, and the end of the last. */
  readonly firstSentences: ArrayLike<number>; // [documents + 1]
  /** Where each sentence begins, in tokens from its document's begin. */
  readonly sentenceStarts: Uint32Array; // [sentences]
}

/** A store over an index and something that reads ids by their place in the whole corpus. */
export function indexedTokens(index: TokenIndex, about: Pick<TokenStore, 'vocabSize' | 'tokenizer'>, read: (from: number, to: number) => TokenIds): TokenStore {
  const { documentStarts, firstSentences, sentenceStarts } = index;
  const documents = documentStarts.length - 1;
  const known = (document: number): void => {
    if (!(document >= 0 && document < documents)) throw new RangeError(`there are documents 0 to ${documents - 1}, not ${document}`);
  };
  return {
    ...about,
    documents,
    tokens: documentStarts[documents]!,
    length(document) {
      known(document);
      return documentStarts[document + 1]! - documentStarts[document]!;
    },
    sentenceStarts(document) {
      known(document);
      return sentenceStarts.subarray(firstSentences[document]!, firstSentences[document + 1]!);
    },
    slice(document, from, to) {
      known(document);
      const start = documentStarts[document]!;
      const end = documentStarts[document + 1]!;
      if (!(from >= 0 && from <= to && start + to <= end)) {
        throw new RangeError(`document ${document} has tokens 0 to ${end - start}, not ${from} to ${to}`);
      }
      return read(start + from, start + to);
    },
  };
}

/** Collects an index while sentences come by. Empty sentences, and documents without tokens, leave no trace. */
export interface IndexBuilder {
  /** The next sentence belongs to a new document. */
  nextDocument(): void;
  /** @param length tokens of the sentence */
  sentence(length: number): void;
  finish(): TokenIndex;
}

export function indexBuilder(): IndexBuilder {
  const documentStarts: number[] = [];
  const firstSentences = growableIntegers(64);
  const sentenceStarts = growableIntegers();
  let tokens = 0;
  let isNew = true;
  return {
    nextDocument() {
      isNew = true;
    },
    sentence(length) {
      if (length === 0) return;
      if (isNew) {
        documentStarts.push(tokens);
        firstSentences.push(sentenceStarts.length);
        isNew = false;
      }
      sentenceStarts.push(tokens - documentStarts.at(-1)!);
      tokens += length;
    },
    finish() {
      firstSentences.push(sentenceStarts.length);
      return {
        documentStarts: Float64Array.from([...documentStarts, tokens]),
        firstSentences: firstSentences.values(),
        sentenceStarts: sentenceStarts.values(),
      };
    },
  };
}

/** The narrowest array that holds the ids of a vocabulary. */
export const idArray = (vocabSize: number): typeof Uint16Array | typeof Uint32Array => (vocabSize <= 2 ** 16 ? Uint16Array : Uint32Array);

/** A store in memory from ids: documents of sentences of ids. */
export function memoryTokens(
  documents: Iterable<Iterable<ArrayLike<number>>>,
  { vocabSize, tokenizer = '' }: { readonly vocabSize: number; readonly tokenizer?: string },
): TokenStore {
  const index = indexBuilder();
  const ids = growableIntegers();
  for (const document of documents) {
    index.nextDocument();
    for (const sentence of document) {
      index.sentence(sentence.length);
      ids.pushAll(sentence);
    }
  }
  return inMemory(index.finish(), ids.values(), { vocabSize, tokenizer });
}

function inMemory(index: TokenIndex, ids: Uint32Array, about: Pick<TokenStore, 'vocabSize' | 'tokenizer'>): TokenStore {
  const all = about.vocabSize <= 2 ** 16 ? Uint16Array.from(ids) : ids;
  return indexedTokens(index, about, (from, to) => all.subarray(from, to));
}

/** Tokenizes documents into memory, piece by piece. Special tokens written in the text are taken as text. */
export interface TokenBuilder {
  add(piece: DocumentPiece): void;
  /** The store, and the names of its documents: those that have tokens. */
  finish(): { readonly tokens: TokenStore; readonly names: readonly string[] };
}

export function tokenBuilder(tokenizer: Tokenizer): TokenBuilder {
  const index = indexBuilder();
  const all = growableIntegers();
  const names: string[] = [];
  let pendingName: string | undefined; // of a document without tokens so far
  return {
    add({ name, sentences, continues }) {
      if (!continues) {
        index.nextDocument();
        pendingName = name;
      }
      for (const sentence of sentences) {
        const ids = tokenizer.encode(sentence, { parseSpecialTokens: false });
        index.sentence(ids.length);
        all.pushAll(ids);
        if (ids.length > 0 && pendingName !== undefined) {
          names.push(pendingName);
          pendingName = undefined;
        }
      }
    },
    finish: () => ({ tokens: inMemory(index.finish(), all.values(), { vocabSize: tokenizer.vocabSize, tokenizer: tokenizer.fingerprint }), names }),
  };
}

/** Tokenizes documents into memory. For large corpora: `prepareCorpus` with a cache directory, of the node entry. */
export function tokenizeDocuments(documents: Iterable<DocumentPiece>, tokenizer: Tokenizer): TokenStore {
  const builder = tokenBuilder(tokenizer);
  for (const document of documents) builder.add(document);
  return builder.finish().tokens;
}

/** A stretch of a document. */
export interface DocumentPart {
  readonly document: number;
  readonly from: number;
  readonly to: number;
}

/** Parts of a store as the documents of another one; nothing is copied. Parts may not be empty. */
export function selectTokens(tokens: TokenStore, parts: readonly DocumentPart[]): TokenStore {
  const empty = parts.find(({ from, to }) => from >= to);
  if (empty) throw new RangeError(`the part of document ${empty.document} is empty`);
  const part = (document: number): DocumentPart => {
    const found = parts[document];
    if (!found) throw new RangeError(`there are documents 0 to ${parts.length - 1}, not ${document}`);
    return found;
  };
  return {
    documents: parts.length,
    tokens: parts.reduce((sum, { from, to }) => sum + to - from, 0),
    vocabSize: tokens.vocabSize,
    tokenizer: tokens.tokenizer,
    length(document) {
      const { from, to } = part(document);
      return to - from;
    },
    sentenceStarts(document) {
      const { document: whole, from, to } = part(document);
      const starts = tokens.sentenceStarts(whole);
      if (from === 0 && to === tokens.length(whole)) return starts;
      return Uint32Array.from([0, ...starts.filter((start) => start > from && start < to).map((start) => start - from)]);
    },
    slice(document, from, to) {
      const { document: whole, from: begin, to: end } = part(document);
      if (begin + to > end) throw new RangeError(`document ${document} has tokens 0 to ${end - begin}, not ${from} to ${to}`);
      return tokens.slice(whole, begin + from, begin + to);
    },
  };
}

/** @throws HooklineError `HOOKLINE_TOKENS` where a store was made with another tokenizer */
export function checkTokenizer(tokens: TokenStore, tokenizer: Pick<Tokenizer, 'vocabSize'> & { readonly fingerprint?: string }): void {
  const same = tokens.vocabSize === tokenizer.vocabSize && (!tokens.tokenizer || !tokenizer.fingerprint || tokens.tokenizer === tokenizer.fingerprint);
  if (!same) {
    throw new HooklineError('HOOKLINE_TOKENS', `the corpus was tokenized with another tokenizer (${tokens.vocabSize} tokens; given: ${tokenizer.vocabSize})`, {
      hint: 'tokenize it again with the tokenizer given',
    });
  }
}

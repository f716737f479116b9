import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { given, HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import type { Document, DocumentPiece } from '../corpus/documents.js';
import { isHeldOut, splitTokens } from '../corpus/split.js';
import { type TokenStore, tokenBuilder } from '../corpus/token-store.js';
import { fingerprint } from '../tokenizer/fingerprint.js';
import { type TrainWordPieceOptions, trainVocabulary } from '../tokenizer/train.js';
import { formatVocabulary } from '../tokenizer/vocabulary.js';
import { wordCounter } from '../tokenizer/word-counts.js';
import { type Tokenizer, wordPiece } from '../tokenizer/wordpiece.js';
import { corpusFiles, corpusFilesOptions } from './corpus-files.js';
import { readTokenizer } from './read-tokenizer.js';
import { tokenCache } from './token-cache.js';

export const prepareCorpusOptions = corpusFilesOptions.partial().extend({
  /** Size of the vocabulary to train on what is not held out, where no tokenizer is given; default 8000. */
  vocabSize: z.int().min(1).optional(),
  /** Whether the trained vocabulary is lowercased; default true. */
  lowercase: z.boolean().default(true),
  /** Pairs that occur less often are not merged in training the vocabulary; default 2. */
  minFrequency: z.int().min(1).default(2),
  /** Folder for tokens and vocabulary, reused as long as corpus and options are the same; without it all is held in memory. */
  cacheDirectory: z.string().min(1).optional(),
});

/** What `prepareCorpus` is doing. */
export interface CorpusProgress {
  readonly stage: 'vocabulary' | 'tokens';
  /** 0 to 1. */
  readonly fraction: number;
}

export interface PrepareCorpusOptions extends z.input<typeof prepareCorpusOptions> {
  /** Path of a text file, of JSON lines or of a folder; or documents. */
  readonly source: string | readonly Document[];
  /** A tokenizer, or the path of one; default: a vocabulary is trained. */
  readonly tokenizer?: Tokenizer | string;
  /** Share of the documents to hold out, spread evenly (default 0.05), or a choice by name. */
  readonly heldOut?: number | ((name: string) => boolean);
  readonly onProgress?: (progress: CorpusProgress) => void;
  readonly onWarning?: (message: string) => void;
}

export interface PreparedCorpus {
  readonly tokenizer: Tokenizer;
  readonly train: TokenStore;
  readonly heldOut: TokenStore;
  /** Closes the cache's file, where there is one. */
  close(): void;
}

interface Source {
  readonly name: string;
  readonly key: string;
  pieces(onDone: (fraction: number) => void): AsyncIterable<DocumentPiece>;
}

const documentsPerTurn = 16;

function documentsSource(documents: readonly Document[]): Source {
  return {
    name: 'the corpus',
    key: fingerprint(documents.flatMap(({ name, sentences }) => [name, ...sentences])),
    async *pieces(onDone) {
      for (const [i, document] of documents.entries()) {
        if (i % documentsPerTurn === 0) await new Promise(setImmediate); // timers and signals stay alive
        yield document;
        onDone((i + 1) / documents.length);
      }
    },
  };
}

function filesSource(path: string, options: z.input<typeof corpusFilesOptions>): Source {
  const files = corpusFiles(path, options);
  return {
    name: path,
    key: files.key,
    pieces(onDone) {
      let read = 0;
      return files.pieces((bytes) => {
        read += bytes;
        onDone(read / Math.max(files.bytes, read));
      });
    },
  };
}

/**
 * From text to what training reads: a tokenizer (given, or trained on what is not held out), and the tokens in two: to train on, and
 * held out by whole documents. With a cache directory, the tokens lie in a file and are never held in memory as a whole, and a
 * second call with the same corpus and options is quick.
 * @throws HooklineError `HOOKLINE_CORPUS` where there is no text or no second document to hold out, `HOOKLINE_UTF8`, `HOOKLINE_VOCABULARY`,
 *   `HOOKLINE_TOKEN_CACHE`, `HOOKLINE_OPTIONS`
 */
export async function prepareCorpus(options: PrepareCorpusOptions): Promise<PreparedCorpus> {
  const { source: textSource, tokenizer: givenTokenizer, heldOut = 0.05, onProgress, onWarning, ...rest } = options;
  const { vocabSize, lowercase, minFrequency, cacheDirectory, ...reading } = parseOptions('prepareCorpus', prepareCorpusOptions, rest);
  if (typeof heldOut === 'number' && !(heldOut > 0 && heldOut < 1)) {
    throw new HooklineError('HOOKLINE_OPTIONS', `prepareCorpus: heldOut ${heldOut} is no share`, { hint: 'give a number above 0 and below 1' });
  }
  if (givenTokenizer !== undefined && vocabSize !== undefined) {
    throw new HooklineError('HOOKLINE_OPTIONS', 'prepareCorpus: both a tokenizer and vocabSize are given', { hint: 'give one of them' });
  }
  const source = typeof textSource === 'string' ? filesSource(textSource, given(reading)) : documentsSource(textSource);
  const tell = (stage: CorpusProgress['stage']) => (fraction: number) => onProgress?.({ stage, fraction });
  const isKept = (name: string, index: number): boolean => (typeof heldOut === 'number' ? !isHeldOut(index, heldOut) : !heldOut(name));

  const tokenizer =
    typeof givenTokenizer === 'string'
      ? readTokenizer(givenTokenizer)
      : (givenTokenizer ??
        (await trainedTokenizer(source, { vocabSize: vocabSize ?? 8000, lowercase, minFrequency }, isKept, heldOut, cacheDirectory, tell('vocabulary'))));

  const { tokens, names, close } = cacheDirectory
    ? await cachedTokens(source, tokenizer, cacheDirectory, tell('tokens'), onWarning)
    : await tokensInMemory(source, tokenizer, tell('tokens'));
  if (tokens.documents === 0) {
    close();
    throw new HooklineError('HOOKLINE_CORPUS', `${source.name} has no text`, { hint: 'give at least one document with text' });
  }
  const allNames = typeof heldOut === 'number' ? [] : names();
  const split = splitTokens(tokens, typeof heldOut === 'number' ? heldOut : (document) => heldOut(allNames[document]!));
  return { tokenizer, ...split, close };
}

async function trainedTokenizer(
  source: Source,
  training: TrainWordPieceOptions,
  isKept: (name: string, index: number) => boolean,
  heldOut: PrepareCorpusOptions['heldOut'],
  cacheDirectory: string | undefined,
  onDone: (fraction: number) => void,
): Promise<Tokenizer> {
  const lowercase = training.lowercase ?? true;
  const key = fingerprint([source.key, JSON.stringify(training), String(heldOut)]);
  const path = cacheDirectory && typeof heldOut === 'number' ? join(cacheDirectory, `vocabulary-${key}.txt`) : undefined;
  if (path && existsSync(path)) return readTokenizer(path, { lowercase });
  const counter = wordCounter({ lowercase });
  let index = -1;
  for await (const { name, sentences, continues } of source.pieces(onDone)) {
    if (!continues) index++;
    if (isKept(name, index)) for (const sentence of sentences) counter.add(sentence);
  }
  const counts = counter.counts();
  if (counts.size === 0) {
    throw new HooklineError('HOOKLINE_CORPUS', `${source.name} has no text to train a vocabulary on`, { hint: 'give at least two documents with text' });
  }
  const vocabulary = trainVocabulary(counts, training);
  if (path) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}.tmp`, formatVocabulary(vocabulary));
    renameSync(`${path}.${process.pid}.tmp`, path);
  }
  return wordPiece(vocabulary, { lowercase, source: 'the trained vocabulary' });
}

interface NamedTokens {
  readonly tokens: TokenStore;
  names(): readonly string[];
  close(): void;
}

async function cachedTokens(
  source: Source,
  tokenizer: Tokenizer,
  directory: string,
  onDone: (fraction: number) => void,
  onWarning: ((message: string) => void) | undefined,
): Promise<NamedTokens> {
  const tokens = await tokenCache({ directory, tokenizer, source: source.key, pieces: source.pieces(onDone), ...(onWarning && { onWarning }) });
  return { tokens, names: tokens.names, close: tokens.close };
}

async function tokensInMemory(source: Source, tokenizer: Tokenizer, onDone: (fraction: number) => void): Promise<NamedTokens> {
  const builder = tokenBuilder(tokenizer);
  for await (const piece of source.pieces(onDone)) builder.add(piece);
  const { tokens, names } = builder.finish();
  return { tokens, names: () => names, close: () => undefined };
}

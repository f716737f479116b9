import { createHash, type Hash, randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { z } from 'zod';
import type { DocumentPiece } from '../corpus/documents.js';
import { idArray, indexBuilder, indexedTokens, type TokenIds, type TokenIndex, type TokenStore } from '../corpus/token-store.js';
import type { Tokenizer } from '../tokenizer/wordpiece.js';

/** Tokens of a corpus in a folder: `header.json`, `tokens.bin` (ids), `index.bin` (documents and sentences), `names.txt`. */
export interface FileTokens extends TokenStore {
  /** Names of the documents; read from disk at each call. */
  names(): readonly string[];
  /** Closes the file; nothing can be read any more. */
  close(): void;
}

const version = 1;
const count = z.int().min(0);
const header = z.strictObject({
  format: z.literal('hookline-tokens'),
  version: z.literal(version),
  tokenizer: z.string(),
  /** What was tokenized; the cache is made anew when it changes. */
  source: z.string(),
  vocabSize: count,
  bytesPerId: z.union([z.literal(2), z.literal(4)]),
  tokens: count,
  documents: count,
  sentences: count,
  /** SHA-256 of each file. */
  files: z.strictObject({ 'tokens.bin': z.string(), 'index.bin': z.string(), 'names.txt': z.string() }),
});
type Header = z.output<typeof header>;
type FileName = keyof Header['files'];

const damaged = (folder: string, what: string, cause?: unknown): HooklineError =>
  new HooklineError('HOOKLINE_TOKEN_CACHE', `the token cache ${folder} ${what}`, { hint: 'delete the folder; it is made anew from the corpus', cause });

/** Bytes to a file, hashed on their way. */
interface HashedFile {
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<string>;
  close(): Promise<void>;
}

async function hashedFile(path: string): Promise<HashedFile> {
  const file: FileHandle = await open(path, 'wx');
  const hash: Hash = createHash('sha256');
  return {
    async write(bytes) {
      hash.update(bytes);
      for (let written = 0; written < bytes.length; ) written += (await file.write(bytes, written)).bytesWritten;
    },
    async finish() {
      await file.sync();
      await file.close();
      return hash.digest('hex');
    },
    close: () => file.close().catch(() => undefined),
  };
}

const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const idsPerWrite = 2 ** 19;

export interface WriteTokensOptions {
  readonly tokenizer: Tokenizer;
  readonly pieces: AsyncIterable<DocumentPiece> | Iterable<DocumentPiece>;
  /** What the pieces were made from; part of the cache's identity. */
  readonly source: string;
  /** Told after each piece. */
  readonly onPiece?: () => void;
}

/** Tokenizes pieces of documents into a folder that must not exist yet; memory holds no more than a piece, a buffer of ids and the index. */
async function writeTokens(folder: string, { tokenizer, pieces, source, onPiece }: WriteTokensOptions): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const files: HashedFile[] = [];
  const create = async (name: FileName): Promise<HashedFile> => {
    const file = await hashedFile(join(folder, name));
    files.push(file);
    return file;
  };
  try {
    const [tokensFile, namesFile] = [await create('tokens.bin'), await create('names.txt')];
    const builder = indexBuilder();
    const buffer = new (idArray(tokenizer.vocabSize))(idsPerWrite);
    let filled = 0;
    let names: string[] = [];
    let pendingName: string | undefined; // of a document without tokens so far
    const flush = async (): Promise<void> => {
      await tokensFile.write(bytesOf(buffer.subarray(0, filled)));
      await namesFile.write(Buffer.from(names.map((name) => `${name.replaceAll('\n', ' ')}\n`).join('')));
      filled = 0;
      names = [];
    };
    for await (const { name, sentences, continues } of pieces) {
      if (!continues) {
        builder.nextDocument();
        pendingName = name;
      }
      for (const sentence of sentences) {
        const ids = tokenizer.encode(sentence, { parseSpecialTokens: false });
        builder.sentence(ids.length);
        if (ids.length > 0 && pendingName !== undefined) {
          names.push(pendingName);
          pendingName = undefined;
        }
        for (let from = 0; from < ids.length; ) {
          const part = ids.slice(from, from + buffer.length - filled);
          buffer.set(part, filled);
          filled += part.length;
          from += part.length;
          if (filled === buffer.length) await flush();
        }
      }
      onPiece?.();
    }
    await flush();
    const index = builder.finish();
    const indexFile = await create('index.bin');
    for (const part of [index.documentStarts, index.firstSentences, index.sentenceStarts]) await indexFile.write(bytesOf(part as Float64Array | Uint32Array));
    const documents = index.documentStarts.length - 1;
    const about: Header = {
      format: 'hookline-tokens',
      version,
      tokenizer: tokenizer.fingerprint,
      source,
      vocabSize: tokenizer.vocabSize,
      bytesPerId: buffer.BYTES_PER_ELEMENT as 2 | 4,
      tokens: index.documentStarts[documents]!,
      documents,
      sentences: index.sentenceStarts.length,
      files: { 'tokens.bin': await tokensFile.finish(), 'index.bin': await indexFile.finish(), 'names.txt': await namesFile.finish() },
    };
    const headerFile = await hashedFile(join(folder, 'header.json'));
    files.push(headerFile);
    await headerFile.write(Buffer.from(`${JSON.stringify(about, undefined, 2)}\n`));
    await headerFile.finish();
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

function readHeader(folder: string): Header {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(folder, 'header.json'), 'utf8'));
  } catch (cause) {
    throw damaged(folder, `has no readable header (${(cause as Error).message})`, cause);
  }
  const parsed = header.safeParse(json);
  if (!parsed.success) throw damaged(folder, `has a header that is not of version ${version}`, parsed.error);
  return parsed.data;
}

/** Checks every byte against the header's sums. */
function checkFiles(folder: string, { files }: Header): void {
  const buffer = new Uint8Array(2 ** 20);
  for (const [name, sum] of Object.entries(files)) {
    const hash = createHash('sha256');
    let file: number | undefined;
    try {
      file = openSync(join(folder, name), 'r');
      for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) hash.update(buffer.subarray(0, read));
    } catch (cause) {
      throw damaged(folder, `lacks ${name} (${(cause as Error).message})`, cause);
    } finally {
      if (file !== undefined) closeSync(file);
    }
    if (hash.digest('hex') !== sum) throw damaged(folder, `is damaged: ${name} is not what was written`);
  }
}

function readIndex(folder: string, { documents, sentences }: Header): TokenIndex {
  const bytes = readFileSync(join(folder, 'index.bin'));
  const buffer = new Uint8Array(bytes).buffer; // aligned
  const sizes = [8 * (documents + 1), 4 * (documents + 1)] as const;
  return {
    documentStarts: new Float64Array(buffer, 0, documents + 1),
    firstSentences: new Uint32Array(buffer, sizes[0], documents + 1),
    sentenceStarts: new Uint32Array(buffer, sizes[0] + sizes[1], sentences),
  };
}

/**
 * Opens a folder of tokens that `tokenCache` made. Ids are read from the file as they are needed.
 * @throws HooklineError `HOOKLINE_TOKEN_CACHE` where it is absent, of another version, or not byte for byte what was written
 */
export function openTokens(folder: string): FileTokens {
  const about = readHeader(folder);
  checkFiles(folder, about);
  const index = readIndex(folder, about);
  const file = openSync(join(folder, 'tokens.bin'), 'r');
  const Ids = about.bytesPerId === 2 ? Uint16Array : Uint32Array;
  const read = (from: number, to: number): TokenIds => {
    const ids = new Ids(to - from);
    const bytes = bytesOf(ids);
    const got = readSync(file, bytes, 0, bytes.length, from * about.bytesPerId);
    if (got !== bytes.length) throw damaged(folder, 'was cut short while it was in use');
    return ids;
  };
  return {
    ...indexedTokens(index, { vocabSize: about.vocabSize, tokenizer: about.tokenizer }, read),
    names: () => readFileSync(join(folder, 'names.txt'), 'utf8').split('\n').slice(0, -1),
    close: () => closeSync(file),
  };
}

export interface TokenCacheOptions extends WriteTokensOptions {
  /** Where caches lie, each in a folder named after tokenizer and source; made where absent. */
  readonly directory: string;
  /** Told when a damaged cache is made anew. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Tokens of a corpus from the cache, or tokenized into it: reused as long as tokenizer, source and format are the same, made anew
 * with a warning where it is damaged. It is written under another name and renamed, so that an interruption leaves nothing half done.
 * @throws HooklineError `HOOKLINE_TOKEN_CACHE` where it cannot be written
 */
export async function tokenCache(options: TokenCacheOptions): Promise<FileTokens> {
  const { directory, tokenizer, source, onWarning } = options;
  const folder = join(directory, `tokens-${tokenizer.fingerprint}-${source}`);
  const existing = tryOpen(folder, onWarning);
  if (existing) return existing;
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    await writeTokens(temporary, options);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } catch (cause) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    const other = cause instanceof HooklineError || (cause as NodeJS.ErrnoException).code === undefined ? undefined : tryOpen(folder, undefined);
    if (other) return other; // another process was faster
    if (cause instanceof HooklineError) throw cause;
    throw new HooklineError('HOOKLINE_TOKEN_CACHE', `the token cache ${folder} cannot be written (${(cause as Error).message})`, {
      hint: 'check the disk, or choose another cache directory',
      cause,
    });
  }
  return openTokens(folder);
}

function tryOpen(folder: string, onWarning: ((message: string) => void) | undefined): FileTokens | undefined {
  try {
    return openTokens(folder);
  } catch (cause) {
    const absent = ((cause as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' && !(cause as Error).message.includes('lacks');
    if (!absent) onWarning?.(`${(cause as Error).message.replace(/;.*/s, '')}; it is made anew`);
    return undefined;
  }
}

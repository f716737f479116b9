import { createHash, type Hash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import type { DocumentPiece } from '../corpus/documents.js';
import { idArray, indexBuilder } from '../corpus/token-store.js';
import type { Tokenizer } from '../tokenizer/wordpiece.js';
import { type FileTokens, openTokens, type TokensFile, type TokensHeader, tokensVersion } from './token-files.js';

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
  const create = async (name: TokensFile): Promise<HashedFile> => {
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
    const about: TokensHeader = {
      format: 'hookline-tokens',
      version: tokensVersion,
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

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import * as z from 'zod';
import { indexedTokens, type TokenIds, type TokenIndex, type TokenStore } from '../corpus/token-store.js';

/** Tokens of a corpus in a folder: `header.json`, `tokens.bin` (ids), `index.bin` (documents and sentences), `names.txt`. */
export interface FileTokens extends TokenStore {
  /** Names of the documents; read from disk at each call. */
  names(): readonly string[];
  /** Closes the file; nothing can be read any more. */
  close(): void;
}

export const tokensVersion = 1;
const count = z.int().min(0);
const header = z.strictObject({
  format: z.literal('hookline-tokens'),
  version: z.literal(tokensVersion),
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
export type TokensHeader = z.output<typeof header>;
export type TokensFile = keyof TokensHeader['files'];

const damaged = (folder: string, what: string, cause?: unknown): HooklineError =>
  new HooklineError('HOOKLINE_TOKEN_CACHE', `the token cache ${folder} ${what}`, { hint: 'delete the folder; it is made anew from the corpus', cause });

function readHeader(folder: string): TokensHeader {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(folder, 'header.json'), 'utf8'));
  } catch (cause) {
    throw damaged(folder, `has no readable header (${(cause as Error).message})`, cause);
  }
  const parsed = header.safeParse(json);
  if (!parsed.success) throw damaged(folder, `has a header that is not of version ${tokensVersion}`, parsed.error);
  return parsed.data;
}

/** Checks every byte against the header's sums. */
function checkFiles(folder: string, { files }: TokensHeader): void {
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

function readIndex(folder: string, { documents, sentences }: TokensHeader): TokenIndex {
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
    const bytes = new Uint8Array(ids.buffer);
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

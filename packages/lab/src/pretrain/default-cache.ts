import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { corpusFiles } from '@hookline/bert/node';

/** Corpora from this size on, in bytes, are tokenized into files; smaller ones are held in memory. */
export const largeCorpus = 64 * 2 ** 20;

/** Where tokens of large corpora go unless the configuration says: the user's cache folder, by the XDG rules. */
export const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'hookline');

/** The cache for a corpus: none for one that fits into memory easily. */
export function defaultCache(source: string): string | undefined {
  if (source === 'sotu' || !existsSync(source)) return undefined;
  return corpusFiles(source).bytes >= largeCorpus ? cacheFolder() : undefined;
}

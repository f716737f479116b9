import { type Stats, statSync } from 'node:fs';
import { HooklineError } from '@hookline/core';
import { systemCode } from '@hookline/core/node';
import { dataError } from '../data/data-error.js';

/** Codes of a path at which nothing can be: no such name, a file where a folder should be, a name longer than there are. */
const absent: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];
const forbidden: readonly (string | undefined)[] = ['EACCES', 'EPERM'];

/** A failure to read a file or a folder as a typed error. */
export function readError(path: string, cause: unknown): HooklineError {
  const code = systemCode(cause);
  if (forbidden.includes(code)) return new HooklineError('HOOKLINE_PERMISSION', `not allowed to read ${path}`, { hint: 'change its permissions', cause });
  return dataError({ file: path }, `cannot be read (${code ?? (cause as Error).message})`, undefined, cause);
}

/**
 * What is at a path.
 * @returns undefined where nothing is
 * @throws HooklineError `HOOKLINE_PERMISSION`, `HOOKLINE_DATA` where that cannot be told
 */
export function entryAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (cause) {
    if (absent.includes(systemCode(cause))) return undefined;
    throw readError(path, cause);
  }
}

/**
 * Refuses a path at which there is no file.
 * @throws HooklineError `HOOKLINE_DATA_MISSING`, and as `entryAt`
 */
export function requireFile(path: string): void {
  const entry = entryAt(path);
  if (!entry) throw new HooklineError('HOOKLINE_DATA_MISSING', `there is no file ${path}`);
  if (entry.isDirectory()) throw new HooklineError('HOOKLINE_DATA_MISSING', `${path} is a folder, not a file`);
}

/**
 * Refuses a file where a folder of data is meant; one that is not there yet will do.
 * @throws HooklineError `HOOKLINE_DATA_MISSING`, and as `entryAt`
 */
export function requireNoFile(folder: string): void {
  const entry = entryAt(folder);
  if (entry && !entry.isDirectory())
    throw new HooklineError('HOOKLINE_DATA_MISSING', `${folder} is a file, not a folder`, { hint: 'give the folder that holds a folder a task' });
}

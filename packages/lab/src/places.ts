import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HooklineError } from '@hookline/core';

/** What is there at a path, or else at the nearest one above it. */
function nearestExisting(path: string): string {
  let at = resolve(path);
  while (!existsSync(at)) at = dirname(at);
  return at;
}

function requireWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw new HooklineError('HOOKLINE_PERMISSION', `not allowed to write into '${path}'`, { hint: 'choose another place, or change its permissions', cause });
  }
}

/**
 * Refuses a path where no directory can be made: before work begins whose result would go there.
 * @throws HooklineError `HOOKLINE_WRITE` where a file is in the way, `HOOKLINE_PERMISSION`
 */
export function requireDirectoryPlace(path: string): void {
  const nearest = nearestExisting(path);
  if (!statSync(nearest).isDirectory()) {
    throw new HooklineError('HOOKLINE_WRITE', `'${path}' cannot be a directory: '${nearest}' is a file`, { hint: 'choose another place' });
  }
  requireWritable(nearest);
}

/**
 * Refuses a path where no file can be written.
 * @throws HooklineError `HOOKLINE_WRITE` where a directory is there, or a file where a directory should be; `HOOKLINE_PERMISSION`
 */
export function requireFilePlace(path: string): void {
  const isThere = existsSync(path);
  if (isThere && statSync(path).isDirectory()) throw new HooklineError('HOOKLINE_WRITE', `'${path}' is a directory`, { hint: 'give the path of a file' });
  if (isThere) requireWritable(path);
  else requireDirectoryPlace(dirname(path));
}

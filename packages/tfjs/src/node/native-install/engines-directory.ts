import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The folder of this user's installed engines: `HOOKLINE_ENGINES_DIR`, or `hookline/engines` in the user's cache
 * (`XDG_CACHE_HOME` where it is an absolute path, as its specification asks, else `~/.cache`).
 */
export function enginesDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['HOOKLINE_ENGINES_DIR'];
  if (own) return resolve(own);
  const cache = environment['XDG_CACHE_HOME'];
  return join(cache && isAbsolute(cache) ? cache : join(environment['HOME'] || homedir(), '.cache'), 'hookline', 'engines');
}

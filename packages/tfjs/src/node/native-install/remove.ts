import { randomUUID } from 'node:crypto';
import { lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { enginesDirectory } from './engines-directory.js';
import { lockPath, nativeEntries } from './find-engine.js';
import { withLock } from './lock.js';
import { readManifest } from './manifest.js';

/**
 * Removes every native engine from the user's cache, of this version or another, those elsewhere that it links to, and what unfinished installations left.
 * Waits for an installation in progress.
 * @returns the folders of the engines that were removed
 */
export async function removeNative(root: string = enginesDirectory()): Promise<readonly string[]> {
  if ((await stat(root).catch(() => undefined)) === undefined) return [];
  return withLock(lockPath(root), async () => {
    const removed: string[] = [];
    for (const name of await nativeEntries(root)) {
      const place = join(root, name);
      if ((await lstat(place)).isSymbolicLink()) {
        const target = await realpath(place).catch(() => undefined);
        const isEngine = target !== undefined && (await readManifest(target).catch(() => undefined)) !== undefined;
        await rm(place);
        if (isEngine) removed.push(await removeFolder(target));
      } else {
        const path = await removeFolder(place);
        if (!name.startsWith('.')) removed.push(path);
      }
    }
    return removed;
  });
}

/** Takes the folder's name away first: half a removal leaves no half of an engine. */
async function removeFolder(path: string): Promise<string> {
  const aside = join(path, '..', `.native-removed-${randomUUID()}`);
  await rename(path, aside);
  await rm(aside, { recursive: true, force: true });
  return path;
}

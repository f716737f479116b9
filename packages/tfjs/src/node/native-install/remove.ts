import { randomUUID } from 'node:crypto';
import { lstat, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { enginesDirectory } from './engines-directory.js';
import { nativeEntries } from './find-engine.js';
import { readManifest } from './manifest.js';

/**
 * Removes every native engine from the user's cache, of this version or another, those that it links to elsewhere, and what unfinished installations left.
 * @returns the folders of the engines that were removed
 */
export async function removeNative(root: string = enginesDirectory()): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await nativeEntries(root)) {
    const place = join(root, name);
    const isLink = (await lstat(place)).isSymbolicLink();
    const target = isLink ? await realpath(place).catch(() => undefined) : undefined;
    if (target !== undefined && (await readManifest(target).catch(() => undefined)) !== undefined) {
      await rm(target, { recursive: true, force: true });
      removed.push(target);
    } else if (!isLink && !name.startsWith('.')) {
      removed.push(place);
    }
    const aside = join(root, `.native-removed-${randomUUID()}`);
    await rename(place, aside);
    await rm(aside, { recursive: true, force: true });
  }
  return removed;
}

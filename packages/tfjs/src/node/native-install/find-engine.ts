import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { enginesDirectory } from './engines-directory.js';
import { type Manifest, readManifest } from './manifest.js';
import { type Machine, type NativeVariant, nativeSources, thisMachine } from './sources.js';

/** An engine in the user's cache. */
export interface InstalledEngine {
  readonly directory: string;
  readonly manifest: Manifest;
}

/**
 * The installed native engines that this version of hookline uses on this machine, the one for a GPU first.
 * Errors: HOOKLINE_ENGINE_DAMAGED.
 */
export async function findNativeEngines(root: string = enginesDirectory(), machine: Machine = thisMachine()): Promise<readonly InstalledEngine[]> {
  const found: InstalledEngine[] = [];
  for (const variant of ['gpu', 'cpu'] as const) {
    const key = keyOf(variant, machine);
    if (key === undefined) continue;
    const directory = join(root, key);
    const manifest = await readManifest(directory);
    if (manifest !== undefined) found.push({ directory, manifest });
  }
  return found;
}

function keyOf(variant: NativeVariant, machine: Machine): string | undefined {
  try {
    return nativeSources(variant, machine).key;
  } catch (error) {
    if (error instanceof HooklineError) return undefined;
    throw error;
  }
}

/** The lock of everything that changes the native engines in a folder. */
export const lockPath = (root: string): string => join(root, '.native.lock');

/** The names of everything in the folder that belongs to a native engine, of any version; unfinished ones and archives begin with a dot. */
export async function nativeEntries(root: string): Promise<readonly string[]> {
  const names = await readdir(root).catch(() => [] as string[]);
  return names.filter((name) => /^\.?native-/.test(name)).sort();
}

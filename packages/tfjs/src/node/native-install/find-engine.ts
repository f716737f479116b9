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

/** The installed native engine that this version of hookline uses on this machine: the one for a GPU first; undefined where there is none. Errors: HOOKLINE_ENGINE_DAMAGED. */
export async function findNativeEngine(root: string = enginesDirectory(), machine: Machine = thisMachine()): Promise<InstalledEngine | undefined> {
  for (const variant of ['gpu', 'cpu'] as const satisfies readonly NativeVariant[]) {
    const key = keyOf(variant, machine);
    if (key === undefined) return undefined;
    const directory = join(root, key);
    const manifest = await readManifest(directory);
    if (manifest !== undefined) return { directory, manifest };
  }
  return undefined;
}

function keyOf(variant: NativeVariant, machine: Machine): string | undefined {
  try {
    return nativeSources(variant, machine).key;
  } catch (error) {
    if (error instanceof HooklineError) return undefined;
    throw error;
  }
}

/** The names of everything in the cache that belongs to a native engine, of any version. */
export async function nativeEntries(root: string): Promise<readonly string[]> {
  const names = await readdir(root).catch(() => [] as string[]);
  return names.filter((name) => /^\.?native-/.test(name)).sort();
}

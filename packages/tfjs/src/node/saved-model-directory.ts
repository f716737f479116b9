import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux keeps this folder in memory. */
const MEMORY = '/dev/shm';

/** Writes the bytes of a SavedModel into a folder of its own for as long as `use` runs. */
export function withSavedModelDirectory<R>(bytes: Uint8Array, use: (directory: string) => R): R {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'hookline-graph-'));
  try {
    writeFileSync(join(directory, 'saved_model.pb'), bytes);
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

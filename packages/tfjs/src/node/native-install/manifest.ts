import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import * as z from 'zod';
import { digestOf } from './digest.js';

const recordedFile = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().length(64), modified: z.number() });

const manifestSchema = z.strictObject({
  format: z.literal(1),
  key: z.string().min(1),
  variant: z.enum(['cpu', 'gpu']),
  tensorflow: z.string(),
  tfjs: z.string(),
  /** SHA-256 of every archive that the engine was made of. */
  archives: z.record(z.string(), z.string()),
  /** Every file that loading the engine reads, by its path in the engine's folder. */
  files: z.record(z.string(), recordedFile),
});

/** What an installed engine is made of: written last, so that a folder without one is no engine. */
export type Manifest = z.infer<typeof manifestSchema>;

const manifestName = 'manifest.json';
/** Files up to this size are read on every load; larger ones where length or date differ from what was recorded. */
const alwaysRead = 4 << 20;

/** Records the files at these paths, relative to `directory`, and writes the manifest. */
export async function writeManifest(directory: string, about: Omit<Manifest, 'format' | 'files'>, paths: readonly string[]): Promise<void> {
  const files: Record<string, Manifest['files'][string]> = {};
  for (const path of paths) {
    const { size, mtimeMs } = await stat(join(directory, path));
    files[path] = { bytes: size, sha256: await digestOf(join(directory, path), 'sha256'), modified: mtimeMs };
  }
  const manifest: Manifest = { format: 1, ...about, files };
  await writeFile(join(directory, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
}

const damaged = (directory: string, what: string): HooklineError =>
  new HooklineError('HOOKLINE_ENGINE_DAMAGED', `the native engine in ${directory} is damaged: ${what}`, {
    hint: 'run `hookline engines install native`, which mends it',
  });

/** The manifest of the engine in `directory`; undefined where there is none. Errors: HOOKLINE_ENGINE_DAMAGED. */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  const text = await readFile(join(directory, manifestName), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    throw damaged(directory, `its ${manifestName} is not valid`);
  }
}

/**
 * Checks an engine's files against their recorded SHA-256: the small ones always, TensorFlow's libraries (0.9 GB) where length or date tell that
 * they are no longer those that were recorded, or always with `thorough`. Errors: HOOKLINE_ENGINE_DAMAGED, which names the file.
 */
export async function verifyFiles(directory: string, { files }: Manifest, thorough = false): Promise<void> {
  for (const [path, { bytes, sha256, modified }] of Object.entries(files)) {
    const found = await stat(join(directory, path)).catch(() => undefined);
    if (found === undefined) throw damaged(directory, `${path} is missing`);
    if (found.size !== bytes) throw damaged(directory, `${path} has ${found.size} bytes and not ${bytes}`);
    const trusted = !thorough && bytes > alwaysRead && found.mtimeMs === modified;
    if (!trusted && (await digestOf(join(directory, path), 'sha256')) !== sha256) throw damaged(directory, `${path} is not what was installed`);
  }
}

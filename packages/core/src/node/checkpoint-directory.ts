/**
 * A checkpoint on disk: a directory `step-00000100` with `model.safetensors` and `manifest.json`. The manifest is written last
 * and holds the checksum of every file and of itself.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, readManifest, writeManifest } from '../checkpoint/manifest.js';
import { decodeSafetensors, safetensorsParts } from '../checkpoint/safetensors.js';
import { HooklineError } from '../errors.js';
import type { Checkpoint } from '../trainer-types.js';
import { readWhole, sha256, syncDirectory, systemCode, type WritePart, writeSynced } from './durable-files.js';

const tensorsFile = 'model.safetensors';
const manifestFile = 'manifest.json';

const damaged = (path: string, why: string, cause?: unknown): HooklineError =>
  new HooklineError('HOOKLINE_CHECKPOINT_DAMAGED', `checkpoint ${path} is damaged: ${why}`, { hint: 'use another checkpoint', cause });

/** The error for a checkpoint that is not there. */
export const missing = (path: string, hint = ''): HooklineError => new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `there is no checkpoint ${path}`, { hint });

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function readFileOf(path: string, file: string): Promise<Uint8Array> {
  try {
    return await readWhole(join(path, file));
  } catch (error) {
    throw damaged(path, systemCode(error) === 'ENOENT' ? `${file} is missing` : `${file} cannot be read (${systemCode(error) ?? String(error)})`, error);
  }
}

/**
 * The manifest of a checkpoint's directory, checked by its own checksum: step, config, metrics, plugin states, without the tensors.
 * @throws HooklineError `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED`
 */
export async function readCheckpointManifest(path: string): Promise<Manifest> {
  if (!(await isDirectory(path))) throw missing(path);
  const bytes = await readFileOf(path, manifestFile);
  try {
    return await readManifest(new TextDecoder().decode(bytes), sha256);
  } catch (error) {
    throw damaged(path, (error as Error).message, error);
  }
}

/**
 * Reads a checkpoint's directory and checks every byte of it.
 * @throws HooklineError `HOOKLINE_CHECKPOINT_MISSING`; `HOOKLINE_CHECKPOINT_DAMAGED` naming the directory, the file and what is wrong
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { files, sequence: _sequence, ...rest } = await readCheckpointManifest(path);
  const expected = files[tensorsFile];
  if (!expected) throw damaged(path, `its manifest does not name ${tensorsFile}`);
  const bytes = await readFileOf(path, tensorsFile);
  if (bytes.length !== expected.bytes) throw damaged(path, `${tensorsFile} has ${bytes.length} bytes instead of ${expected.bytes}`);
  if (sha256(bytes) !== expected.sha256) throw damaged(path, `the bytes of ${tensorsFile} do not fit their checksum`);
  return { ...rest, tensors: decodeSafetensors(bytes).tensors };
}

/** Writes a checkpoint into a new directory, every file synced. Not atomic: write to a temporary name, then rename. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint, sequence: number, write: WritePart): Promise<void> {
  const { tensors, retention: _retention, ...rest } = checkpoint;
  await mkdir(path);
  const parts = safetensorsParts(tensors, { format: 'hookline', step: String(checkpoint.step) });
  const digest = await writeSynced(join(path, tensorsFile), parts, write);
  const text = await writeManifest({ ...rest, sequence, files: { [tensorsFile]: digest } }, sha256);
  await writeSynced(join(path, manifestFile), [new TextEncoder().encode(text)], write);
  await syncDirectory(path);
}

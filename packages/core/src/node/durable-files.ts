/** Files that survive a crash: written, synced, checked. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileDigest } from '../checkpoint/manifest.js';
import { HooklineError } from '../errors.js';

/** Puts one part of a file's bytes behind the last; replaced where a test needs a slow or a full disk. */
export type WritePart = (file: FileHandle, part: Uint8Array) => Promise<void>;

export const writePart: WritePart = (file, part) => file.writeFile(part);

/** SHA-256 in hexadecimal. */
export const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

/** Writes a new file, part by part, and syncs it to the disk. */
export async function writeSynced(path: string, parts: readonly Uint8Array[], write: WritePart = writePart): Promise<FileDigest> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for (const part of parts) {
      hash.update(part);
      await write(file, part);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes: parts.reduce((sum, part) => sum + part.length, 0), sha256: hash.digest('hex') };
}

/**
 * Writes a text file under another name first, synced and renamed, so that a file of this name is a whole one; makes its directory.
 * @param what it is, for the error
 * @throws HooklineError `HOOKLINE_WRITE`, `HOOKLINE_DISK_FULL`
 */
export async function replaceFile(what: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await rm(temporary, { force: true });
    await writeSynced(temporary, [new TextEncoder().encode(text)]);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(what, path, cause);
  }
}

/** Reads a whole file, also one beyond the 2 GiB that `readFile` ends at. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array((await file.stat()).size);
    let offset = 0;
    while (offset < bytes.length) {
      const { bytesRead } = await file.read(bytes, offset, Math.min(bytes.length - offset, 2 ** 28), offset);
      if (bytesRead === 0) return bytes.subarray(0, offset);
      offset += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Makes renames inside a directory survive a crash; nothing to do on systems that cannot sync a directory. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The system's code of a failed call, e.g. `ENOENT`. */
export const systemCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** No space on the disk, in the user's quota, or within the file size limit. */
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A failure to write as a typed error that says where and how to mend it. */
export function writeError(what: string, path: string, cause: unknown): HooklineError {
  if (cause instanceof HooklineError) return cause;
  const code = systemCode(cause);
  if (code !== undefined && full.has(code))
    return new HooklineError('HOOKLINE_DISK_FULL', `${what}: no space left for ${path} (${code})`, { hint: 'free some space and resume', cause });
  return new HooklineError('HOOKLINE_WRITE', `${what}: cannot write ${path} (${code ?? String(cause)})`, {
    hint: 'check that the directory may be written to',
    cause,
  });
}

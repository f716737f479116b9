import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { HooklineError } from '@hookline/core';

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localHeaderBytes = 30;
const endBytes = 22;
const commentLimit = 0xffff;

const damaged = (path: string, what: string): HooklineError =>
  new HooklineError('HOOKLINE_CHECKSUM', `${path} is no zip archive that can be read: ${what}`, { hint: 'delete it and run this again' });

async function bytesAt(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The files of a zip archive, from its central directory (APPNOTE.TXT 4.3.12), folders left out. Errors: HOOKLINE_CHECKSUM. */
export async function zipEntries(path: string): Promise<readonly ZipEntry[]> {
  const { size } = await stat(path);
  const ending = await bytesAt(path, Math.max(0, size - endBytes - commentLimit), endBytes + commentLimit);
  let end = ending.length - endBytes;
  while (end >= 0 && ending.readUInt32LE(end) !== endSignature) end--;
  if (end < 0) throw damaged(path, 'its end is missing');
  const count = ending.readUInt16LE(end + 10);
  const directory = await bytesAt(path, ending.readUInt32LE(end + 16), ending.readUInt32LE(end + 12));
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== entrySignature) throw damaged(path, `entry ${i} of its directory is missing`);
    const nameBytes = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + 46, at + 46 + nameBytes);
    const method = directory.readUInt16LE(at + 10);
    if (method !== 0 && method !== 8) throw damaged(path, `${name} is packed by method ${method}`);
    if (!name.endsWith('/')) {
      entries.push({
        name,
        deflated: method === 8,
        compressedBytes: directory.readUInt32LE(at + 20),
        bytes: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      });
    }
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Writes one file of the archive at `path` to `target`, as a stream. Errors: HOOKLINE_CHECKSUM where it ends up with another length than it says. */
export async function extractEntry(path: string, { name, deflated, compressedBytes, bytes, offset }: ZipEntry, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const header = await bytesAt(path, offset, localHeaderBytes);
  const begin = offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (compressedBytes === 0) {
    await pipeline([], createWriteStream(target));
  } else {
    const packed = createReadStream(path, { start: begin, end: begin + compressedBytes - 1, highWaterMark: 1 << 20 });
    await pipeline(packed, deflated ? createInflateRaw({ chunkSize: 1 << 20 }) : new PassThrough(), createWriteStream(target));
  }
  const written = (await stat(target)).size;
  if (written !== bytes) throw damaged(path, `${name} has ${written} bytes and not ${bytes}`);
}

/** The text of one small file of the archive. */
export async function entryText(path: string, entry: ZipEntry, scratch: string): Promise<string> {
  await extractEntry(path, entry, scratch);
  const file = await open(scratch);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

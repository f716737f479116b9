import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { HooklineError } from '@hookline/core';
import { writeError } from '@hookline/core/node';

/** A file of a model on the hub. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Git's own digest of the file, or of the pointer to a large one. */
  readonly oid?: string | undefined;
  /** SHA-256 of a large file. */
  readonly lfs?: { readonly oid: string } | undefined;
  readonly xetHash?: string | undefined;
}

export interface FetchFileOptions {
  /** The folder of the model in the cache. */
  readonly storage: string;
  /** Opens the file on the hub, from which any range of bytes can be read. */
  readonly open: () => Promise<Blob>;
  readonly attempts: number;
  /** Before the second attempt, in ms; each further pause is twice as long. */
  readonly pause: number;
  readonly onNotice: (line: string) => void;
}

/** The name of a file's bytes in the cache: the rule of `@huggingface/hub`. */
export const blobName = ({ lfs, xetHash, oid }: HubFile): string | undefined => lfs?.oid ?? xetHash ?? oid;

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

/** Whether a file's bytes are those that were published: by SHA-256, or by Git's SHA-1 of a small file. Only size is known of the rest. */
async function isPublished(path: string, { size, oid, lfs, xetHash }: HubFile): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  if (!lfs && (xetHash || !oid)) return true;
  const hash = lfs ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === (lfs?.oid ?? oid);
}

/** Appends what is still missing. */
async function fetchRest(file: HubFile, incomplete: string, have: number, open: FetchFileOptions['open']): Promise<void> {
  if (have >= file.size && file.size > 0) return;
  const blob = await open();
  const bytes = (have > 0 ? blob.slice(have) : blob).stream() as ReadableStream;
  try {
    await pipeline(Readable.fromWeb(bytes), createWriteStream(incomplete, { flags: have > 0 ? 'a' : 'w' }));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException | null)?.code?.startsWith('E')) throw writeError('download', incomplete, cause);
    throw cause;
  }
}

const said = (cause: unknown): string => {
  const inner = (cause as { readonly cause?: unknown } | null)?.cause;
  return cause instanceof Error ? `${cause.message}${inner instanceof Error ? ` (${inner.message})` : ''}` : String(cause);
};

/**
 * Fetches a file's bytes into the cache, and checks them. What arrived before a connection ended is kept, and the rest asked for, in this and in later calls.
 * @returns path of the bytes
 * @throws HooklineError `HOOKLINE_DOWNLOAD`, `HOOKLINE_CHECKSUM`, `HOOKLINE_DISK_FULL`, `HOOKLINE_WRITE`
 */
export async function fetchFile(file: HubFile, name: string, { storage, open, attempts, pause, onNotice }: FetchFileOptions): Promise<string> {
  const what = `${file.path} of ${name}`;
  const blob = join(storage, 'blobs', name);
  const incomplete = `${blob}.incomplete`;
  await mkdir(dirname(blob), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const have = (await sizeOf(incomplete)) ?? 0;
    let why = 'the connection ended early';
    try {
      await fetchRest(file, incomplete, have, open);
    } catch (cause) {
      if (cause instanceof HooklineError) throw cause;
      why = said(cause);
    }
    const arrived = (await sizeOf(incomplete)) ?? 0;
    if (arrived >= file.size) {
      if (await isPublished(incomplete, file)) break;
      await rm(incomplete, { force: true });
      if (have === 0) {
        throw new HooklineError('HOOKLINE_CHECKSUM', `${what} is not what was published: ${arrived} bytes arrived, their digest is not ${name}`, {
          hint: 'it was deleted; run this again, and if that does not help, ask who runs the mirror or proxy that it came from',
        });
      }
      why = 'what had arrived before does not fit';
    }
    if (attempt >= attempts) {
      throw new HooklineError('HOOKLINE_DOWNLOAD', `${what} could not be fetched in ${attempts} attempts: ${why}`, {
        hint: `check the network and run this again: the ${arrived} of ${file.size} bytes that have arrived are kept`,
      });
    }
    onNotice(`${what}: ${why}; attempt ${attempt + 1} goes on from byte ${arrived < file.size ? arrived : 0}`);
    await sleep(pause * 2 ** (attempt - 1));
  }
  await rename(incomplete, blob);
  return blob;
}

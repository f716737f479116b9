import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { syncDirectory, systemCode, writeError } from '@hookline/core/node';
import * as z from 'zod';
import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';
import { entryAt, readError, requireNoFile } from './file-access.js';
import { locateSplit } from './locate-glue.js';
import { readGlueParquet } from './read-glue-parquet.js';

/** Where GLUE is fetched from: a data set on the Hugging Face hub, in Parquet. */
export const glueRepository = 'nyu-mll/glue';

export interface DownloadGlueOptions {
  readonly data: string;
  readonly tasks: readonly GlueTask[];
  /** Default: the environment's HF_ENDPOINT, else, or where that is empty, `https://huggingface.co`. */
  readonly endpoint?: string;
  /** Told of each file when it is complete. */
  readonly onFile?: (path: string, bytes: number) => void;
}

interface HubFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256, where the hub lists one: it does for large files. */
  readonly sha256: string | undefined;
}

const listing = z.array(z.object({ type: z.string(), path: z.string(), size: z.number(), lfs: z.object({ oid: z.string() }).optional() }));

/**
 * Fetches the sets that a data folder lacks, or has as Parquet that cannot be read. Of such a set each shard that is not the one the hub lists, by size and
 * SHA-256 (the project knows no checksums of its own), is fetched, checked in the same way, and takes its name only when it is whole. Official files, and
 * sets that can be read, stay as they are.
 * @returns the paths of the new files
 * @throws HooklineError `HOOKLINE_DOWNLOAD`: no address of a server, no network, an answer that is an error, a connection cut off; `HOOKLINE_CHECKSUM`;
 * `HOOKLINE_WRITE`, `HOOKLINE_DISK_FULL`, `HOOKLINE_PERMISSION`; `HOOKLINE_DATA_MISSING` where `data` is a file
 */
export async function downloadGlue({ data, tasks, endpoint: named, onFile }: DownloadGlueOptions): Promise<readonly string[]> {
  const endpoint = serverAddress(named || process.env['HF_ENDPOINT'] || 'https://huggingface.co');
  requireNoFile(data);
  const fetched: string[] = [];
  for (const task of tasks) {
    const wanted: SplitLayout[] = [];
    for (const layout of Object.values(task.splits)) if (!(await isUsable(data, task, layout))) wanted.push(layout);
    if (wanted.length === 0) continue;
    const files = await list(endpoint, task.name);
    for (const layout of wanted) {
      for (const file of shardsOf(files, task, layout)) {
        const path = join(data, task.name, basename(file.path));
        if (await isListed(path, file)) continue;
        await fetchFile(`${endpoint}/datasets/${glueRepository}/resolve/main/${file.path}`, path, file);
        fetched.push(path);
        onFile?.(path, file.size);
      }
    }
  }
  return fetched;
}

/** @throws HooklineError `HOOKLINE_DOWNLOAD` */
function serverAddress(text: string): string {
  const address = text.replace(/\/+$/, '');
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  throw new HooklineError('HOOKLINE_DOWNLOAD', `'${text}' is no address of a server`, { hint: 'check HF_ENDPOINT: it begins with https:// or http://' });
}

/** Whether a split needs nothing: it can be read, or is an official file, which none of the hub's replaces. */
async function isUsable(data: string, task: GlueTask, layout: SplitLayout): Promise<boolean> {
  try {
    const found = locateSplit(data, task, layout);
    if (found?.layout === 'parquet') await readGlueParquet(found.folder, found.files, task, layout);
    return found !== undefined;
  } catch (cause) {
    if (cause instanceof HooklineError && damage.includes(cause.code)) return false;
    throw cause;
  }
}

const damage: readonly string[] = ['HOOKLINE_DATA', 'HOOKLINE_DATA_MISSING'];

/** Whether a file is there and the one that the hub lists, as far as it tells. */
async function isListed(path: string, { size, sha256 }: HubFile): Promise<boolean> {
  const entry = entryAt(path);
  if (!entry?.isFile() || entry.size !== size) return false;
  if (sha256 === undefined) return true;
  const hash = createHash('sha256');
  try {
    for await (const part of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(part);
  } catch (cause) {
    throw readError(path, cause);
  }
  return hash.digest('hex') === sha256;
}

function shardsOf(files: readonly HubFile[], task: GlueTask, layout: SplitLayout): readonly HubFile[] {
  const found = files.filter(({ path }) => new RegExp(`^${task.name}/${layout.hub}-\\d{5}-of-\\d{5}\\.parquet$`).test(path));
  if (found.length > 0) return found;
  throw new HooklineError('HOOKLINE_DOWNLOAD', `${glueRepository} lists no Parquet file of ${task.name} ${layout.hub}`, { hint: elsewhere });
}

const elsewhere = 'fetch the files on another machine and copy them into the folder';

async function list(endpoint: string, config: string): Promise<readonly HubFile[]> {
  const url = `${endpoint}/api/datasets/${glueRepository}/tree/main/${config}`;
  const answer: unknown = await (await get(url)).json().catch(() => undefined);
  const parsed = listing.safeParse(answer);
  if (!parsed.success) throw new HooklineError('HOOKLINE_DOWNLOAD', `${url} answers with no list of files`, { hint: 'check HF_ENDPOINT' });
  return parsed.data.filter(({ type }) => type === 'file').map(({ path, size, lfs }) => ({ path, size, sha256: lfs?.oid }));
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    const inner = (cause as Error).cause;
    throw new HooklineError('HOOKLINE_DOWNLOAD', `${new URL(url).host} cannot be reached (${systemCode(inner) ?? (cause as Error).message})`, {
      hint: elsewhere,
      cause,
    });
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new HooklineError('HOOKLINE_DOWNLOAD', `${url} answers ${response.status} ${response.statusText}`.trimEnd(), { hint: elsewhere });
}

async function fetchFile(url: string, path: string, { size, sha256 }: HubFile): Promise<void> {
  const response = await get(url);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const { bytes, digest } = await receive(response, url, path, temporary);
    if (bytes !== size) throw new HooklineError('HOOKLINE_CHECKSUM', `${url} has ${bytes} bytes instead of the ${size} listed`, { hint: 'try again' });
    if (sha256 !== undefined && digest !== sha256)
      throw new HooklineError('HOOKLINE_CHECKSUM', `${url} is not the file listed: its SHA-256 is ${digest}, not ${sha256}`, { hint: 'try again' });
    await rename(temporary, path).catch((cause: unknown) => {
      throw writeError('download', path, cause);
    });
    await syncDirectory(join(path, '..'));
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes what arrives into a file and syncs it. */
async function receive(response: Response, url: string, path: string, temporary: string): Promise<{ readonly bytes: number; readonly digest: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const cannotWrite = (cause: unknown): never => {
    throw writeError('download', path, cause);
  };
  await mkdir(join(path, '..'), { recursive: true }).catch(cannotWrite);
  const file = await open(temporary, 'w').catch(cannotWrite);
  try {
    for await (const part of response.body ?? []) {
      hash.update(part);
      bytes += part.length;
      await file.writeFile(part).catch(cannotWrite);
    }
    await file.sync();
  } catch (cause) {
    if (cause instanceof HooklineError) throw cause;
    throw new HooklineError('HOOKLINE_DOWNLOAD', `${url}: the connection was cut off after ${bytes} bytes`, { hint: 'try again', cause });
  } finally {
    await file.close();
  }
  return { bytes, digest: hash.digest('hex') };
}

import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { readIndex } from './folder.js';
import { blobName, fetchFile, type HubFile } from './hub-file.js';
import { hubFiles } from './hub-files.js';
import type { HubName } from './hub-name.js';
import { modelOfOtherFormat, otherWeights } from './other-formats.js';

export interface HubOptions {
  /** Default: the environment's `HF_ENDPOINT`, or https://huggingface.co. */
  readonly endpoint?: string;
  /** Default: that of Hugging Face's tools, by `HF_HUB_CACHE` and `HF_HOME`: `~/.cache/huggingface/hub`. */
  readonly cacheDirectory?: string;
  /** Attempts for each file, default 3, and the pause before the second in ms, default 1000; each further pause is twice as long. */
  readonly attempts?: number;
  readonly pause?: number;
}

type Notice = (line: string) => void;

interface Session extends Required<HubOptions>, HubName {
  readonly hub: typeof import('@huggingface/hub');
  readonly storage: string;
  readonly onNotice: Notice;
  readonly access: { readonly accessToken?: string };
}

const hubError = (message: string, hint: string, cause?: unknown): HooklineError => new HooklineError('HOOKLINE_HUB', message, { hint, cause });

/** Milliseconds until a server must have begun to answer. */
const patience = 30_000;

/** As `fetch`, but a server that does not answer is an error. */
const patientFetch: typeof fetch = async (url, init) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no answer in ${patience / 1000} s`)), patience);
  try {
    return await fetch(url, { ...init, signal: controller.signal });
  } finally {
    clearTimeout(timer);
  }
};

const tokenizerFiles = ['tokenizer.json', 'vocab.txt'];
const smallFiles = [hubFiles.config, 'tokenizer_config.json', ...tokenizerFiles];

/** Whether a folder of the cache has all that a model needs. */
async function isComplete(snapshot: string): Promise<boolean> {
  const has = (file: string): boolean => existsSync(join(snapshot, file));
  if (!has(hubFiles.config) || !tokenizerFiles.some(has)) return false;
  if (has(hubFiles.weights)) return true;
  return has(hubFiles.index) && [...(await readIndex(join(snapshot, hubFiles.index))).values()].every(has);
}

/** The folder of a model that was fetched before, by what its revision meant then. */
async function cached({ storage, revision }: Pick<Session, 'storage' | 'revision'>): Promise<string | undefined> {
  const commit = await readFile(join(storage, 'refs', revision), 'utf8').catch(() => revision);
  const snapshot = join(storage, 'snapshots', commit.trim());
  return (await isComplete(snapshot)) ? snapshot : undefined;
}

/** What went wrong with a request, in the terms of who asked for a model. */
function requestError(error: unknown, { hub, name, revision, endpoint }: Session): HooklineError | undefined {
  if (!(error instanceof hub.HubApiError)) return undefined;
  const { statusCode } = error;
  if (statusCode === 404 || statusCode === 401) {
    return hubError(
      `there is no '${name}' here, and on ${endpoint} no model of that name${revision === 'main' ? '' : ` with a revision '${revision}'`} that is open to you`,
      'check the name; for a private model set HF_TOKEN',
      error,
    );
  }
  return hubError(
    `${endpoint} answers with status ${statusCode} when asked for '${name}'`,
    statusCode === 403 ? 'accept its terms, and set HF_TOKEN' : 'try again later',
    error,
  );
}

/** The commit that a revision means now; undefined without a network. */
async function currentCommit(session: Session): Promise<string | undefined> {
  const { hub, name, revision, endpoint, access } = session;
  if (process.env['HF_HUB_OFFLINE'] === '1') return undefined;
  try {
    const info = await hub.modelInfo({ name, revision, hubUrl: endpoint, additionalFields: ['sha'], fetch: patientFetch, ...access });
    return info.sha;
  } catch (error) {
    const known = requestError(error, session);
    if (known) throw known;
    return undefined;
  }
}

/** Fetches one file of a commit, unless it is in the cache, where it has its place in the commit's folder. */
async function intoCache(session: Session, commit: string, file: HubFile): Promise<string> {
  const { hub, name, endpoint, cacheDirectory, storage, access } = session;
  const place = join(storage, 'snapshots', commit, file.path);
  const size = await stat(place).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === file.size) return place;
  const bytes = blobName(file);
  if (bytes === undefined) throw hubError(`${endpoint} does not say what '${file.path}' of '${name}' is`, 'try again later');
  const request = { repo: name, path: file.path, revision: commit, hubUrl: endpoint, fetch: patientFetch, ...access };
  const open = async (): Promise<Blob> => {
    const blob = await hub.downloadFile({ ...request, xet: false }); // plain HTTP ranges, which any mirror speaks
    if (!blob) throw new Error('the server does not have it');
    return blob;
  };
  if (!existsSync(join(storage, 'blobs', bytes))) await fetchFile(file, bytes, { ...session, open });
  return hub.downloadFileToCacheDir({ ...request, cacheDir: cacheDirectory }); // finds the bytes there, and gives them their place
}

async function fetchCommit(session: Session, commit: string): Promise<string> {
  const { hub, name, endpoint, storage, access, onNotice } = session;
  const files = new Map<string, HubFile>();
  for await (const file of hub.listFiles({ repo: name, revision: commit, hubUrl: endpoint, fetch: patientFetch, ...access })) {
    if (file.type === 'file') files.set(file.path, file);
  }
  const get = async (path: string): Promise<string> => {
    const file = files.get(path);
    if (!file) throw hubError(`'${name}' has no ${path}`, 'give a model that transformers loads');
    return intoCache(session, commit, file);
  };
  const weights = [hubFiles.weights, hubFiles.index].find((path) => files.has(path));
  const other = otherWeights.find((path) => files.has(path));
  if (!weights && other !== undefined) throw await modelOfOtherFormat(session, other, files.has(hubFiles.config) ? await get(hubFiles.config) : undefined);
  if (!weights) throw hubError(`'${name}' has no ${hubFiles.weights}`, 'give a model that transformers loads');
  const snapshot = join(storage, 'snapshots', commit);
  if (!(await isComplete(snapshot))) onNotice(`fetching ${name} from ${endpoint} into ${storage}`);
  for (const path of smallFiles) if (path === hubFiles.config || files.has(path)) await get(path);
  const fetched = await get(weights);
  if (weights === hubFiles.index) for (const shard of new Set((await readIndex(fetched)).values())) await get(shard);
  return snapshot;
}

/**
 * Fetches a model from Hugging Face's hub into its cache, in the layout that all its tools share: configuration, vocabulary and `model.safetensors`, or the
 * shards of its index. Every byte is checked against the digest that the hub publishes; a download that was cut off goes on where it ended. What is there
 * is not fetched again; without a network, or with `HF_HUB_OFFLINE=1`, the cache is all there is.
 * @returns the folder
 * @throws HooklineError `HOOKLINE_HUB` (no such model, not allowed, no network), `HOOKLINE_PRETRAINED` (another format), `HOOKLINE_DOWNLOAD`,
 *   `HOOKLINE_CHECKSUM`, `HOOKLINE_DISK_FULL`, `HOOKLINE_WRITE`
 */
export async function fetchFromHub({ name, revision }: HubName, options: HubOptions, onNotice: Notice): Promise<string> {
  const hub = await import('@huggingface/hub');
  const endpoint = (options.endpoint ?? process.env['HF_ENDPOINT'] ?? 'https://huggingface.co').replace(/\/+$/, '');
  const cacheDirectory = options.cacheDirectory ?? hub.getHFHubCachePath();
  const storage = join(cacheDirectory, hub.getRepoFolderName({ name, type: 'model' }));
  const token = process.env['HF_TOKEN'];
  const session: Session = {
    attempts: options.attempts ?? 3,
    pause: options.pause ?? 1000,
    ...{ name, revision, hub, endpoint, cacheDirectory, storage, onNotice },
    access: token ? { accessToken: token } : {},
  };
  const before = await cached(session);
  if (before && hub.REGEX_COMMIT_HASH.test(revision)) return before;
  const commit = await currentCommit(session);
  if (commit === undefined) {
    if (before) {
      onNotice(`${endpoint} cannot be reached; ${name} is taken from ${before}`);
      return before;
    }
    throw hubError(
      `there is no '${name}' here, and ${endpoint} cannot be reached to look for a model of that name`,
      'check path and network, or give a folder',
    );
  }
  try {
    const snapshot = await fetchCommit(session, commit);
    const ref = join(storage, 'refs', revision);
    if (commit !== revision) {
      await mkdir(dirname(ref), { recursive: true });
      await writeFile(ref, commit);
    }
    return snapshot;
  } catch (error) {
    if (error instanceof HooklineError) throw error;
    throw (
      requestError(error, session) ??
      hubError(`${endpoint} cannot be reached any more (${(error as Error).message})`, 'run this again: what has arrived is kept', error)
    );
  }
}

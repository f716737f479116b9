import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, statfs, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HooklineError } from '@hookline/core';
import { enginesDirectory } from './engines-directory.js';
import { type InstalledEngine, lockPath, nativeEntries } from './find-engine.js';
import { gpuPresent } from './gpu.js';
import { withLock } from './lock.js';
import { makeEngine } from './make-engine.js';
import { readManifest, verifyFiles } from './manifest.js';
import { type Probe, probeAddon } from './probe.js';
import { type NativeSources, type NativeVariant, nativeSources } from './sources.js';
import { findTools } from './tools.js';

export interface InstallOptions {
  /** Take TensorFlow's library for NVIDIA GPUs; without a GPU the one for the CPU is taken. */
  readonly gpu?: boolean;
  /** Put the engine there instead of into the user's cache, which then links to it. */
  readonly directory?: string;
  /** Receives lines about what happens. */
  readonly log?: (line: string) => void;
  /** Bytes of an archive that have arrived; `of` is 0 where its size is unknown. */
  readonly onBytes?: (file: string, bytes: number, of: number) => void;
}

/** What an installation asks of its surroundings; tests give their own. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly sources: (variant: NativeVariant) => NativeSources;
  readonly gpuPresent: () => boolean;
  readonly probe: (directory: string, variant: NativeVariant) => Promise<Probe>;
  readonly freeBytes: (directory: string) => Promise<number>;
  /** Pause before a second attempt to download, in ms. */
  readonly pause: number;
}

const here = (): Surroundings => ({
  environment: process.env,
  sources: nativeSources,
  gpuPresent,
  probe: probeAddon,
  freeBytes: async (directory) => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
  pause: 2_000,
});

/**
 * Installs the native engine into the user's cache: fetches tfjs-node's package and TensorFlow's wheel, compiles the addon, tries it in a process
 * of its own, and only then gives the folder its name. An engine that is there already is checked, and taken as it is. No script of a package runs,
 * and no `node_modules` is touched.
 * Errors: HOOKLINE_ENGINE_PLATFORM, HOOKLINE_TOOL_MISSING, HOOKLINE_DISK_FULL, HOOKLINE_DOWNLOAD, HOOKLINE_CHECKSUM, HOOKLINE_ENGINE_BUILD.
 */
export async function installNative(options: InstallOptions = {}, surroundings: Surroundings = here()): Promise<InstalledEngine> {
  const log = options.log ?? (() => undefined);
  const gpu = options.gpu === true && surroundings.gpuPresent();
  if (options.gpu === true && !gpu) log('no NVIDIA GPU was found: installing the engine for the CPU');
  const sources = surroundings.sources(gpu ? 'gpu' : 'cpu');
  const cache = enginesDirectory(surroundings.environment);
  const root = options.directory === undefined ? cache : resolve(options.directory);
  const target = join(root, sources.key);
  await mkdir(root, { recursive: true });
  await withLock(lockPath(root), () => ensure(sources, root, target, { ...options, log }, surroundings), {
    onWait: (holder) => log(`${holder} is installing this engine: waiting for it`),
  });
  if (root !== cache) await link(cache, sources.key, target, log);
  const manifest = await readManifest(target);
  if (manifest === undefined) throw new HooklineError('HOOKLINE_ENGINE_DAMAGED', `the engine in ${target} vanished while it was installed`);
  return { directory: target, manifest };
}

async function ensure(sources: NativeSources, root: string, target: string, options: InstallOptions, surroundings: Surroundings): Promise<void> {
  const { log = () => undefined } = options;
  try {
    const present = await readManifest(target);
    if (present !== undefined) {
      await verifyFiles(target, present, true);
      return log(`the engine is installed already, and its files are as they were: ${target}`);
    }
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    log(`${error.message.slice(0, -error.hint.length)}installing it anew`);
  }
  const tools = await findTools(surroundings.environment);
  const downloads = join(root, '.native-downloads');
  await mkdir(downloads, { recursive: true });
  await sweep(root, downloads);
  await checkRoom(root, sources, surroundings);
  const staging = join(root, `.${sources.key}.${randomUUID()}`);
  const { environment, pause, probe } = surroundings;
  try {
    await makeEngine(sources, staging, { folder: downloads, tools, environment, log, onBytes: options.onBytes ?? (() => undefined), pause }, probe);
    await replace(target, staging);
    await rm(downloads, { recursive: true });
  } catch (error) {
    throw full.has((error as NodeJS.ErrnoException).code ?? '') ? noRoom(root, error) : error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What the system says where a disk or a quota is full, or a file longer than it may be. */
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const noRoom = (root: string, cause: unknown): HooklineError =>
  new HooklineError('HOOKLINE_DISK_FULL', `there is no room left in ${root} for the native engine`, {
    hint: 'free some, or choose another disk with --dir',
    cause,
  });

/** Gives the new folder the name of the old one, which may be in use: whoever has loaded it keeps its files. */
async function replace(target: string, made: string): Promise<void> {
  const aside = `${made}.old`;
  await rename(target, aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(made, target);
  await rm(aside, { recursive: true, force: true });
}

async function checkRoom(root: string, { room }: NativeSources, { freeBytes }: Surroundings): Promise<void> {
  const free = await freeBytes(root);
  if (free >= room) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new HooklineError('HOOKLINE_DISK_FULL', `installing the native engine takes ${gigabytes(room)} and ${root} has ${gigabytes(free)} left`, {
    hint: 'free some, or choose another disk with --dir',
  });
}

/** Deletes what installations that were killed have left, but for whole archives: nobody else is at work, for we hold the lock. */
async function sweep(root: string, downloads: string): Promise<void> {
  const unfinished = (await nativeEntries(root)).filter((name) => name.startsWith('.')).map((name) => join(root, name));
  const parts = (await readdir(downloads)).filter((name) => name.startsWith('.')).map((name) => join(downloads, name));
  for (const path of [...unfinished.filter((path) => path !== downloads), ...parts]) await rm(path, { recursive: true, force: true });
}

/** Makes an engine that was installed elsewhere known in the user's cache, in the place of one that is there. */
async function link(cache: string, key: string, target: string, log: (line: string) => void): Promise<void> {
  const place = join(cache, key);
  try {
    await mkdir(cache, { recursive: true });
    const made = join(cache, `.${key}.${randomUUID()}`);
    await symlink(target, made);
    await replace(place, made);
  } catch (error) {
    log(`the cache ${cache} cannot be written (${(error as Error).message}): set HOOKLINE_ENGINES_DIR=${join(target, '..')} so that hookline finds the engine`);
  }
}

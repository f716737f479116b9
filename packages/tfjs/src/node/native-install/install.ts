import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, statfs, symlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { HooklineError } from '@hookline/core';
import {
  addonPath,
  buildAddon,
  corePaths,
  libraryPaths,
  packagePath,
  placeJavaScript,
  unpackCuda,
  unpackNpm,
  unpackTensorflow,
  wheelMetadata,
  writeCorePlaces,
} from './assemble.js';
import { digestOf } from './digest.js';
import { type DownloadOptions, fetchNpm, fetchRequirements, fetchWheel } from './download.js';
import { enginesDirectory } from './engines-directory.js';
import type { InstalledEngine } from './find-engine.js';
import { cudaRequirements, gpuPresent } from './gpu.js';
import { withLock } from './lock.js';
import { readManifest, verifyFiles, writeManifest } from './manifest.js';
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
  await withLock(join(root, `.${sources.key}.lock`), () => ensure(sources, root, target, { ...options, log }, surroundings), {
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
    log(`${error.message.split(';')[0]}; installing it anew`);
  }
  const tools = await findTools(surroundings.environment);
  await checkRoom(root, sources, surroundings);
  await sweep(root, sources.key);
  const staging = join(root, `.${sources.key}.${randomUUID()}`);
  const downloads = join(root, '.native-downloads');
  await mkdir(downloads, { recursive: true });
  await mkdir(staging);
  try {
    await make(
      sources,
      staging,
      {
        folder: downloads,
        tools,
        environment: surroundings.environment,
        log,
        onBytes: options.onBytes ?? (() => undefined),
        pause: surroundings.pause,
      },
      surroundings.probe,
    );
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
    await rm(downloads, { recursive: true, force: true });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Makes an engine in `staging`; its manifest comes last. */
async function make(sources: NativeSources, staging: string, options: DownloadOptions, probe: Surroundings['probe']): Promise<void> {
  const { log, tools } = options;
  const archives: string[] = [];
  const build = join(staging, '.build');
  const places = { tfjs: join(build, 'tfjs'), headers: join(build, 'headers'), protobuf: join(staging, 'node_modules', 'google-protobuf') };
  for (const name of ['tfjs', 'headers', 'protobuf'] as const) {
    const archive = await fetchNpm(sources[name], options);
    await unpackNpm(archive, places[name], tools);
    archives.push(archive);
  }
  const wheel = await fetchWheel(sources.wheel, sources.platforms, options);
  archives.push(wheel);
  log("unpacking TensorFlow's libraries");
  await unpackTensorflow(wheel, staging);
  const cuda: string[] = [];
  if (sources.variant === 'gpu') {
    const wheels = await fetchRequirements(cudaRequirements(await wheelMetadata(wheel, staging)), sources.platforms, options);
    archives.push(...wheels);
    cuda.push(...(await unpackCuda(wheels, staging)));
  }
  log('compiling the addon');
  await buildAddon(tools.compiler, { directory: staging, source: places.tfjs, headers: places.headers });
  await placeJavaScript(places.tfjs, staging);
  await writeCorePlaces(staging);
  await rm(build, { recursive: true });
  await rm(join(staging, 'tensorflow', 'include'), { recursive: true, force: true });
  log('trying it');
  const { tensorflow } = await probe(staging, sources.variant);
  const loaded = [
    addonPath,
    ...libraryPaths,
    ...cuda,
    ...corePaths,
    ...(await scripts(staging, packagePath)),
    ...(await scripts(staging, join('node_modules', 'google-protobuf'))),
  ];
  const digests = await Promise.all(archives.map(async (path) => [relative(options.folder, path), await digestOf(path, 'sha256')] as const));
  await writeManifest(
    staging,
    { key: sources.key, variant: sources.variant, tensorflow, tfjs: sources.tfjs.version, archives: Object.fromEntries(digests) },
    loaded,
  );
}

/** The JavaScript and JSON files below a folder, relative to the engine's. */
async function scripts(directory: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(directory, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && /\.js(on)?$/.test(entry.name)).map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

async function checkRoom(root: string, { room }: NativeSources, { freeBytes }: Surroundings): Promise<void> {
  const free = await freeBytes(root);
  if (free >= room) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new HooklineError('HOOKLINE_DISK_FULL', `installing the native engine takes ${gigabytes(room)} and ${root} has ${gigabytes(free)} left`, {
    hint: 'free some, or choose another disk with --dir',
  });
}

/** Deletes what an installation that was killed has left; nobody else is at work, for we hold the lock. */
async function sweep(root: string, key: string): Promise<void> {
  const left = (await readdir(root)).filter((name) => name.startsWith(`.${key}.`) && !name.includes('.lock'));
  for (const name of left) await rm(join(root, name), { recursive: true, force: true });
}

/** Makes an engine that was installed elsewhere known in the user's cache. */
async function link(cache: string, key: string, target: string, log: (line: string) => void): Promise<void> {
  const place = join(cache, key);
  try {
    await mkdir(cache, { recursive: true });
    if ((await stat(place).catch(() => undefined)) !== undefined) await rm(place, { recursive: true, force: true });
    const aside = join(cache, `.${key}.link-${randomUUID()}`);
    await symlink(target, aside);
    await rename(aside, place);
  } catch (error) {
    log(`the cache ${cache} cannot be written (${(error as Error).message}): set HOOKLINE_ENGINES_DIR=${join(target, '..')} so that hookline finds the engine`);
  }
}

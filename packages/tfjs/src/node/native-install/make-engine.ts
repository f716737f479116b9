import { readdir, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import {
  addonPath,
  buildAddons,
  corePaths,
  libraryPaths,
  mutePath,
  packagePath,
  placeJavaScript,
  protobufPath,
  unpackCuda,
  unpackNpm,
  unpackTensorflow,
  wheelMetadata,
  writeCorePlaces,
} from './assemble.js';
import { digestOf } from './digest.js';
import { type DownloadOptions, fetchNpm, fetchRequirements, fetchWheel } from './download.js';
import { cudaRequirements } from './gpu.js';
import { writeManifest } from './manifest.js';
import type { Probe } from './probe.js';
import type { NativeSources, NativeVariant } from './sources.js';

/**
 * Makes an engine in the new folder `staging`: fetches, unpacks, compiles, tries. Its manifest comes last: a folder without one is no engine.
 * Errors: HOOKLINE_DOWNLOAD, HOOKLINE_CHECKSUM, HOOKLINE_DISK_FULL, HOOKLINE_ENGINE_BUILD.
 */
export async function makeEngine(
  sources: NativeSources,
  staging: string,
  options: DownloadOptions,
  probe: (directory: string, variant: NativeVariant) => Promise<Probe>,
): Promise<void> {
  const { log, tools, environment } = options;
  const archives: string[] = [];
  const build = join(staging, '.build');
  const places = { tfjs: join(build, 'tfjs'), headers: join(build, 'headers'), protobuf: join(staging, protobufPath) };
  for (const name of ['tfjs', 'headers', 'protobuf'] as const) {
    const archive = await fetchNpm(sources[name], options);
    await unpackNpm(archive, places[name], tools.tar, environment);
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
  await buildAddons(tools.compiler, { directory: staging, source: places.tfjs, headers: places.headers }, environment);
  await placeJavaScript(places.tfjs, staging);
  await writeCorePlaces(staging);
  await rm(build, { recursive: true });
  await rm(join(staging, 'tensorflow', 'include'), { recursive: true, force: true });
  log('trying it');
  const { tensorflow } = await probe(staging, sources.variant);
  const loaded = [
    addonPath,
    mutePath,
    ...libraryPaths,
    ...cuda,
    ...corePaths,
    ...(await scripts(staging, packagePath)),
    ...(await scripts(staging, protobufPath)),
  ];
  const digests = await Promise.all(archives.map(async (path) => [basename(path), await digestOf(path, 'sha256')] as const));
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

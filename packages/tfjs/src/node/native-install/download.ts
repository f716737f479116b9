import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HooklineError } from '@hookline/core';
import { digestOf } from './digest.js';
import { type CommandResult, essence, runCommand } from './run-command.js';
import type { NpmSource, WheelSource } from './sources.js';
import type { Tool, Tools } from './tools.js';

export interface DownloadOptions {
  /** Where archives are kept until the installation is done: a second attempt takes those that are there. */
  readonly folder: string;
  readonly tools: Tools;
  readonly environment: NodeJS.ProcessEnv;
  /** A line about what happens. */
  readonly log: (line: string) => void;
  /** Bytes of the archive in progress that have arrived; `of` is 0 where its size is unknown. */
  readonly onBytes: (file: string, bytes: number, of: number) => void;
  /** Attempts, and the pause before the second in ms; each further pause is twice as long. */
  readonly attempts?: number;
  readonly pause?: number;
}

const watchEvery = 400;

/** Bytes of all files below a folder; 0 where it is not there. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Calls a downloader until it succeeds; each attempt gets an empty folder to write into. */
async function attempt(what: string, call: (part: string) => Promise<CommandResult>, options: DownloadOptions, bytes: number): Promise<string> {
  const { folder, log, onBytes, attempts = 3, pause = 2_000 } = options;
  for (let done = 1; ; done++) {
    const part = join(folder, `.part-${randomUUID()}`);
    await mkdir(part, { recursive: true });
    const watch = setInterval(() => void bytesBelow(part).then((sum) => onBytes(what, bytes ? Math.min(sum, bytes) : sum, bytes)), watchEvery);
    const result = await call(part).finally(() => clearInterval(watch));
    if (result.code === 0) return part;
    await rm(part, { recursive: true, force: true });
    const why = essence(result);
    if (/no space left|ENOSPC/i.test(why)) {
      throw new HooklineError('HOOKLINE_DISK_FULL', `there is no room left for ${what} in ${folder}`, { hint: 'free some, or choose another disk with --dir' });
    }
    if (done >= attempts) {
      throw new HooklineError('HOOKLINE_DOWNLOAD', `${what} could not be fetched in ${attempts} attempts: ${why}`, {
        hint: `check the network and the proxy settings of pip and npm, and run this again: what has arrived is kept; or put the archive into ${folder} by hand`,
      });
    }
    const seconds = (pause * 2 ** (done - 1)) / 1000;
    log(`${what}: attempt ${done} failed (${why}); again in ${seconds} s`);
    await sleep(seconds * 1000);
  }
}

/** Refuses, and deletes, a file that is not the one that was published. */
async function check(path: string, file: string, algorithm: 'sha256' | 'sha512', expected: string): Promise<void> {
  const found = await digestOf(path, algorithm, algorithm === 'sha256' ? 'hex' : 'base64');
  if (found === expected) return;
  await rm(path, { force: true });
  throw new HooklineError('HOOKLINE_CHECKSUM', `${file} is not what was published: its ${algorithm} is ${found} and not ${expected}`, {
    hint: 'it was deleted; run this again, and if that does not help, ask who runs the mirror or proxy that it came from',
  });
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** The archive's path in the folder: found there, or fetched; its digest is checked either way. */
async function fetched(
  source: { readonly file: string; readonly bytes: number; readonly algorithm: 'sha256' | 'sha512'; readonly digest: string },
  call: (part: string) => Promise<CommandResult>,
  options: DownloadOptions,
): Promise<string> {
  const { file, bytes, algorithm, digest } = source;
  const target = join(options.folder, file);
  if (await isThere(target)) {
    await check(target, file, algorithm, digest);
    options.log(`${file}: here already`);
    return target;
  }
  options.log(`fetching ${file}${bytes ? ` (${(bytes / 1e6).toFixed(0)} MB)` : ''}`);
  const part = await attempt(file, call, options, bytes);
  try {
    const [arrived] = (await readdir(part)).filter((name) => !name.startsWith('.'));
    if (arrived === undefined)
      throw new HooklineError('HOOKLINE_DOWNLOAD', `${file} did not arrive, though its download ended well`, { hint: 'run this again' });
    await check(join(part, arrived), file, algorithm, digest);
    await rename(join(part, arrived), target);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return target;
}

/**
 * Fetches a package's archive with `npm pack`, which takes the user's registry and proxy and runs no script of the package. Of npm's own attempts,
 * with up to a minute between them, one more is enough: there are ours.
 * Errors: HOOKLINE_DOWNLOAD, HOOKLINE_CHECKSUM, HOOKLINE_DISK_FULL.
 */
export function fetchNpm({ name, version, sha512 }: NpmSource, options: DownloadOptions): Promise<string> {
  const [npm, ...first] = options.tools.npm;
  const pack = (part: string) =>
    runCommand(npm, [...first, 'pack', `${name}@${version}`, '--ignore-scripts', '--loglevel=error', '--fetch-retries=1', '--pack-destination', part], {
      cwd: part,
      environment: options.environment,
    });
  const file = `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
  return fetched({ file, bytes: 0, algorithm: 'sha512', digest: sha512 }, pack, options);
}

/** pip writes what arrives into its temporary folder: in ours, its bytes can be watched. Its cache would keep a second copy. */
async function pipDownload(pip: Tool, specifiers: readonly string[], platforms: readonly string[], part: string, environment: NodeJS.ProcessEnv) {
  const [command, ...first] = pip;
  const scratch = join(part, '.scratch');
  await mkdir(scratch, { recursive: true });
  const tags = ['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311', '--abi', 'abi3', '--abi', 'none'];
  const fixed = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
  const where = platforms.flatMap((platform) => ['--platform', platform]);
  const args = [...first, 'download', ...fixed, ...where, ...tags, '--dest', part, ...specifiers];
  return runCommand(command, args, { cwd: part, environment: { ...environment, TMPDIR: scratch, PIP_REQUIRE_VIRTUALENV: 'false' } });
}

/** Fetches a wheel with `pip download`, the same whatever Python is here. Errors: HOOKLINE_DOWNLOAD, HOOKLINE_CHECKSUM, HOOKLINE_DISK_FULL. */
export function fetchWheel({ project, version, file, sha256, bytes }: WheelSource, platforms: readonly string[], options: DownloadOptions): Promise<string> {
  const download = (part: string) => pipDownload(options.tools.pip, [`${project}==${version}`], platforms, part, options.environment);
  return fetched({ file, bytes, algorithm: 'sha256', digest: sha256 }, download, options);
}

/** Fetches wheels by their requirements, e.g. `nvidia-cublas-cu12<13.0,>=12.5.3.2`; pip checks them against the digests of its index. Answers with their paths. */
export async function fetchRequirements(requirements: readonly string[], platforms: readonly string[], options: DownloadOptions): Promise<readonly string[]> {
  options.log(`fetching ${requirements.length} CUDA wheels (about 3 GB)`);
  const download = (part: string) => pipDownload(options.tools.pip, requirements, platforms, part, options.environment);
  const part = await attempt('the CUDA wheels', download, options, 0);
  return (await readdir(part)).filter((name) => name.endsWith('.whl')).map((name) => join(part, name));
}

import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { ownMemory } from './binding-source.js';
import { isNeededOfCuda } from './gpu.js';
import { logLevelSource, muteSource } from './quiet.js';
import { essence, runCommand } from './run-command.js';
import type { Tool } from './tools.js';
import { entryText, extractEntry, zipEntries } from './zip.js';

/**
 * An engine's folder:
 * `tensorflow/` TensorFlow's two libraries, `nvidia/` CUDA's where it is for a GPU, `addon/` tfjs-node's addon and a small one of ours,
 * `node_modules/` tfjs-node's JavaScript as published, google-protobuf, and a place for the copy of tfjs-core that it is given when it is loaded.
 */
export const addonPath = join('addon', 'tfjs_binding.node');
/** What keeps stderr clean while the addon is loaded. */
export const mutePath = join('addon', 'mute.node');
export const packagePath = join('node_modules', '@tensorflow', 'tfjs-node-gpu');
export const protobufPath = join('node_modules', 'google-protobuf');
/** What tfjs-node imports of TensorFlow.js: both names stand for the one copy of tfjs-core. */
export const corePaths = ['tfjs', 'tfjs-core'].map((name) => join('node_modules', '@tensorflow', name, 'index.js'));
export const libraryPaths = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) => join('tensorflow', name));

const isHeader = (name: string): boolean => /^tensorflow\/include\/(?:tensorflow\/(?:c|core\/platform)|tsl\/platform|xla\/tsl\/c)\/.*\.h$/.test(name);

/** Takes TensorFlow's libraries and C headers out of its wheel; the other 15,000 files stay packed. */
export async function unpackTensorflow(wheel: string, directory: string): Promise<void> {
  const entries = await zipEntries(wheel);
  const wanted = entries.filter(({ name }) => libraryPaths.includes(name) || isHeader(name));
  for (const path of libraryPaths) {
    if (!wanted.some(({ name }) => name === path)) throw new HooklineError('HOOKLINE_ENGINE_BUILD', `${wheel} holds no ${path}`);
  }
  for (const entry of wanted) await extractEntry(wheel, entry, join(directory, entry.name));
}

/** The text of a wheel's METADATA. */
export async function wheelMetadata(wheel: string, directory: string): Promise<string> {
  const entry = (await zipEntries(wheel)).find(({ name }) => name.endsWith('.dist-info/METADATA'));
  if (!entry) return '';
  const scratch = join(directory, '.metadata');
  const text = await entryText(wheel, entry, scratch);
  await rm(scratch);
  return text;
}

/** Takes CUDA's libraries out of their wheels. Answers with their paths in the engine's folder. */
export async function unpackCuda(wheels: readonly string[], directory: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const wheel of wheels) {
    for (const entry of (await zipEntries(wheel)).filter(({ name }) => isNeededOfCuda(name))) {
      const target = join(directory, entry.name);
      await extractEntry(wheel, entry, target);
      if (entry.name.includes('/bin/')) await chmod(target, 0o755);
      paths.push(entry.name);
    }
  }
  return paths;
}

/** Unpacks an archive of npm into `target`. */
export async function unpackNpm(archive: string, target: string, tool: Tool, environment: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(target, { recursive: true });
  const [tar, ...first] = tool;
  const result = await runCommand(tar, [...first, '-xzf', archive, '-C', target, '--strip-components=1', '--no-same-owner'], { environment });
  if (result.code !== 0) throw new HooklineError('HOOKLINE_ENGINE_BUILD', `${archive} could not be unpacked: ${essence(result)}`);
}

/** The places of what tfjs-node imports: they have nothing of their own, so that there is no second copy of tfjs-core. */
export async function writeCorePlaces(directory: string): Promise<void> {
  for (const path of corePaths) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), "throw new Error('the copy of tfjs-core in use is given to this place by the loader of the native engine');\n");
  }
}

/** The engine's folder, and those of tfjs-node's package and of Node's C headers. */
interface BuildPaths {
  readonly directory: string;
  readonly source: string;
  readonly headers: string;
}

/** What the compiler is called with for any addon. */
const common = ['-shared', '-fPIC', '-O2', '-std=c++17', '-w', '-DNAPI_VERSION=8'];

/** For tfjs-node's. The library's folder is written into the addon relative to it, so that the engine's folder can be moved. */
const addonArguments = ({ directory, source, headers }: BuildPaths, logLevel: string): readonly string[] => [
  ...common,
  ...[join(headers, 'include'), join(directory, 'tensorflow', 'include'), source].flatMap((folder) => ['-I', folder]),
  ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(source, 'binding', name)),
  logLevel,
  ...['-o', join(directory, addonPath)],
  ...libraryPaths.map((path) => join(directory, path)),
  '-Wl,-rpath,$ORIGIN/../tensorflow',
];

const muteArguments = ({ directory, headers }: BuildPaths, mute: string): readonly string[] => [
  ...common,
  ...['-I', join(headers, 'include'), mute, '-o', join(directory, mutePath)],
];

/** Compiles the addon from the package's source, and ours. Errors: HOOKLINE_ENGINE_BUILD with the compiler's words. */
export async function buildAddons(compiler: Tool, paths: BuildPaths, environment: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(join(paths.directory, 'addon'), { recursive: true });
  const [logLevel, mute] = ['log_level.cc', 'mute.cc'].map((name) => join(paths.headers, name)) as [string, string];
  await writeFile(logLevel, logLevelSource);
  await writeFile(mute, muteSource);
  const backend = join(paths.source, 'binding', 'tfjs_backend.cc');
  await writeFile(backend, ownMemory(await readFile(backend, 'utf8')));
  const [command, ...first] = compiler;
  for (const args of [muteArguments(paths, mute), addonArguments(paths, logLevel)]) {
    const result = await runCommand(command, [...first, ...args], { environment });
    if (result.code === 0) continue;
    throw new HooklineError('HOOKLINE_ENGINE_BUILD', `the native engine's addon does not compile: ${essence(result)}`, {
      hint: 'a compiler that knows C++17 is needed (g++ 9 or newer); name another one in CXX',
    });
  }
}

/** Moves the parts of tfjs-node that run, its JavaScript and its package.json, to where they are loaded from. */
export async function placeJavaScript(source: string, directory: string): Promise<void> {
  const target = join(directory, packagePath);
  await mkdir(target, { recursive: true });
  for (const name of ['package.json', 'dist']) await rename(join(source, name), join(target, name));
}

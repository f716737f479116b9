import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeInstallation, fakeInstallation } from '../../../test/fake-installation.js';
import { type InstallOptions, installNative, type Surroundings } from './install.js';
import { readManifest, verifyFiles } from './manifest.js';
import { removeNative } from './remove.js';

let fake: FakeInstallation;
let lines: string[];
let engine: string;
beforeEach(() => {
  fake = fakeInstallation();
  lines = [];
  engine = join(fake.engines, 'native-cpu-fake');
});
afterEach(() => fake.remove());

const install = (options: InstallOptions = {}, other: Partial<Surroundings> = {}) =>
  installNative({ log: (line) => lines.push(line), ...options }, { ...fake.surroundings, ...other });
/** Installs in a process of its own, which prints what happens. */
function installElsewhere(): ChildProcessWithoutNullStreams {
  const { environment, sources } = fake.surroundings;
  const program = `
    import { installNative } from '${new URL('../../../dist/node/native-install/install.js', import.meta.url).href}';
    const { environment, sources } = JSON.parse(process.argv[1]);
    const probe = async () => ({ tensorflow: '2.21.0', gpu: false });
    const surroundings = { environment, sources: () => sources, gpuPresent: () => false, probe, freeBytes: async () => 1e12, pause: 1 };
    await installNative({ log: console.log }, surroundings);`;
  return spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify({ environment, sources: sources('cpu') })]);
}
const failure = (code: string, message: string) => expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('installNative', () => {
  it('makes an engine of what it fetched, and leaves nothing else', async () => {
    const { directory, manifest } = await install();
    expect(directory).toBe(engine);
    expect(readdirSync(fake.engines)).toEqual(['native-cpu-fake']);
    expect(manifest).toMatchObject({ variant: 'cpu', tensorflow: '2.21.0', tfjs: '4.22.0' });
    expect(Object.keys(manifest.files).sort()).toEqual([
      'addon/mute.node',
      'addon/tfjs_binding.node',
      'node_modules/@tensorflow/tfjs-core/index.js',
      'node_modules/@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js',
      'node_modules/@tensorflow/tfjs-node-gpu/package.json',
      'node_modules/@tensorflow/tfjs/index.js',
      'node_modules/google-protobuf/package.json',
      'node_modules/google-protobuf/protobuf.js',
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
    ]);
    expect(Object.keys(manifest.archives)).toHaveLength(4);
    expect(readdirSync(join(engine, 'tensorflow'))).toEqual(['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
    await verifyFiles(directory, manifest, true);
  });

  it('takes an engine that is there as it is, and mends one that is damaged', async () => {
    await install();
    await install();
    expect(fake.calls('g++')).toBe(2); // for two addons
    expect(lines.at(-1)).toContain('is installed already');
    appendFileSync(join(engine, 'addon', 'tfjs_binding.node'), 'x');
    await install();
    expect(fake.calls('g++')).toBe(4);
    expect(lines).toContainEqual(expect.stringMatching(/tfjs_binding.node has 7 bytes and not 6; installing it anew$/));
    await verifyFiles(engine, (await readManifest(engine))!, true);
    expect(readdirSync(fake.engines)).toEqual(['native-cpu-fake']);
  });

  it('lets a second installation wait for the first', async () => {
    fake.tool('g++', `sleep 0.3; while [ $# -gt 0 ]; do [ "$1" = -o ] && echo addon > "$2"; shift; done`);
    const both = await Promise.all([install(), install()]);
    expect(both.map(({ directory }) => directory)).toEqual([engine, engine]);
    expect(fake.calls('g++')).toBe(2); // for two addons
    expect(lines.filter((line) => line.endsWith('is installing this engine: waiting for it'))).toHaveLength(1);
  });

  it('lets a second process wait for the first, and take what that one made', { timeout: 30_000 }, async () => {
    fake.tool('g++', `sleep 1; while [ $# -gt 0 ]; do [ "$1" = -o ] && echo addon > "$2"; shift; done`);
    const outcomes = await Promise.all(
      [installElsewhere(), installElsewhere()].map(async (child) => {
        let out = '';
        child.stdout.on('data', (text) => {
          out += text;
        });
        const code = await new Promise((resolve) => child.on('close', resolve));
        return { code, waited: out.includes('is installing this engine: waiting for it'), took: out.includes('is installed already') };
      }),
    );
    expect(outcomes.sort((a, b) => Number(a.waited) - Number(b.waited))).toEqual([
      { code: 0, waited: false, took: false },
      { code: 0, waited: true, took: true },
    ]);
    expect(fake.calls('g++')).toBe(2); // for two addons
    expect(readdirSync(fake.engines)).toEqual(['native-cpu-fake']);
  });

  it('changes nothing outside its folder, a project and its node_modules least of all, and runs no script of a package', async () => {
    const project = join(fake.root, 'project');
    mkdirSync(join(project, 'node_modules', '@tensorflow', 'tfjs-core'), { recursive: true });
    writeFileSync(join(project, 'node_modules', '@tensorflow', 'tfjs-core', 'package.json'), '{"name":"@tensorflow/tfjs-core"}');
    const npm = readFileSync(join(fake.bin, 'npm'), 'utf8').split('\n').slice(3).join('\n');
    fake.tool('npm', `case "$*" in *--ignore-scripts*) ;; *) echo "scripts would run"; exit 1;; esac\n${npm}`);
    const paths = () => readdirSync(fake.root, { recursive: true, encoding: 'utf8' }).filter((path) => !/^(engines|logs)(\/|$)/.test(path));
    const state = () => paths().map((path) => [path, statSync(join(fake.root, path)).mtimeMs]);
    const before = state();
    const cwd = process.cwd();
    process.chdir(project);
    try {
      await install();
    } finally {
      process.chdir(cwd);
    }
    expect(state()).toEqual(before);
  });

  it('says how many bytes have arrived', async () => {
    const python = readFileSync(join(fake.bin, 'python3'), 'utf8').split('\n').slice(3).join('\n');
    fake.tool('python3', `printf 12345 > "$TMPDIR/part"; sleep 0.9\n${python}`);
    const seen: [string, number, number][] = [];
    await install({ onBytes: (...news) => seen.push(news) });
    expect(seen).toContainEqual(['tensorflow-2.21.0.whl', 5, fake.surroundings.sources('cpu').wheel.bytes]);
  });
});

describe('an installation that goes wrong', () => {
  it('names the tools that are missing before anything is fetched', async () => {
    rmSync(join(fake.bin, 'g++'));
    rmSync(join(fake.bin, 'python3'));
    await expect(install()).rejects.toThrow(failure('HOOKLINE_TOOL_MISSING', "a C++ compiler (g++), Python's pip"));
    expect(fake.calls('npm')).toBe(0);
    expect(readdirSync(fake.engines)).toEqual([]);
  });

  it('says how much room is missing', async () => {
    await expect(install({}, { freeBytes: async () => 10 })).rejects.toThrow(failure('HOOKLINE_DISK_FULL', 'has 0.0 GB left'));
    expect(fake.calls('npm')).toBe(0);
  });

  it('says that the disk became full', async () => {
    fake.tool('python3', 'echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"; exit 1');
    await expect(install()).rejects.toThrow(failure('HOOKLINE_DISK_FULL', 'there is no room left for tensorflow-2.21.0.whl'));
    expect(fake.calls('python3')).toBe(1);
  });

  it('says so too where it became full while unpacking', async () => {
    const probe = () => Promise.reject(Object.assign(new Error('write'), { code: 'ENOSPC' }));
    await expect(install({}, { probe })).rejects.toThrow(failure('HOOKLINE_DISK_FULL', `there is no room left in ${fake.engines}`));
    expect(readdirSync(fake.engines)).toEqual(['.native-downloads']);
  });

  it('tries a download again, and keeps what has arrived when it gives up', async () => {
    fake.tool('python3', 'echo "WARNING: Retrying after connection broken by NewConnectionError"; exit 1');
    await expect(install()).rejects.toThrow(failure('HOOKLINE_DOWNLOAD', 'could not be fetched in 3 attempts: WARNING: Retrying after connection broken'));
    expect(fake.calls('python3')).toBe(3);
    expect(existsSync(engine)).toBe(false);
    expect(readdirSync(join(fake.engines, '.native-downloads'))).toEqual(['fake-headers-1.0.0.tgz', 'fake-protobuf-3.0.0.tgz', 'fake-tfjs-node-4.22.0.tgz']);
    await expect(install()).rejects.toThrow();
    expect(fake.calls('npm')).toBe(3);
  });

  it('takes an archive that was put there by hand, once its digest is right', async () => {
    const downloads = join(fake.engines, '.native-downloads');
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, 'tensorflow-2.21.0.whl'), readFileSync(join(fake.root, 'archives', 'tensorflow.whl')));
    await install();
    expect(fake.calls('python3')).toBe(0);
  });

  it.each(['tensorflow.whl', 'fake-headers@1.0.0.tgz'])('refuses %s where it is not what was published', async (name) => {
    appendFileSync(join(fake.root, 'archives', name), 'x');
    await expect(install()).rejects.toThrow(failure('HOOKLINE_CHECKSUM', 'is not what was published'));
    expect(existsSync(engine)).toBe(false);
    expect(readdirSync(join(fake.engines, '.native-downloads')).some((file) => file.startsWith(name.split('.')[0]!.replace('@', '-')))).toBe(false);
  });

  it('shows what the compiler said', async () => {
    fake.tool('g++', 'echo "tfjs_backend.cc:1: fatal error: no such header" >&2; exit 1');
    await expect(install()).rejects.toThrow(failure('HOOKLINE_ENGINE_BUILD', 'does not compile: tfjs_backend.cc:1: fatal error'));
    expect(readdirSync(fake.engines)).toEqual(['.native-downloads']);
  });

  it('keeps the old engine where the new one does not load', async () => {
    await install();
    writeFileSync(join(engine, 'addon', 'tfjs_binding.node'), 'damaged');
    await expect(install({}, { probe: () => Promise.reject(new Error('no AVX')) })).rejects.toThrow('no AVX');
    expect(readFileSync(join(engine, 'addon', 'tfjs_binding.node'), 'utf8')).toBe('damaged');
  });

  it('leaves nothing that counts as an engine when it is killed, and the next one sweeps up', { timeout: 30_000 }, async () => {
    fake.tool('g++', 'exec sleep 20');
    const child = installElsewhere();
    const ended = new Promise((resolve) => child.on('exit', resolve));
    while (fake.calls('g++') === 0 && child.exitCode === null) await sleep(20);
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(engine)).toBe(false);
    expect(readdirSync(fake.engines).filter((name) => name.startsWith('.native-cpu-fake.'))).toHaveLength(1);

    fake.tool('g++', `while [ $# -gt 0 ]; do [ "$1" = -o ] && echo addon > "$2"; shift; done`);
    const wheelsBefore = fake.calls('python3');
    await install();
    expect(fake.calls('python3')).toBe(wheelsBefore);
    expect(readdirSync(fake.engines)).toEqual(['native-cpu-fake']);
    await verifyFiles(engine, (await readManifest(engine))!, true);
  });
});

describe('--gpu', () => {
  it('takes the CPU where there is no GPU, and says so in one line', async () => {
    expect((await install({ gpu: true })).manifest.variant).toBe('cpu');
    expect(lines.filter((line) => line.includes('GPU'))).toEqual(['no NVIDIA GPU was found: installing the engine for the CPU']);
  });

  it("puts CUDA's libraries where TensorFlow's look for them", async () => {
    const { directory, manifest } = await install({ gpu: true }, { gpuPresent: () => true });
    expect(manifest).toMatchObject({ variant: 'gpu', key: 'native-gpu-fake' });
    expect(readdirSync(join(directory, 'nvidia'), { recursive: true }).sort()).toEqual([
      'cublas',
      'cublas/lib',
      'cublas/lib/libcublas.so.12',
      'cuda_nvcc',
      'cuda_nvcc/bin',
      'cuda_nvcc/bin/ptxas',
    ]);
    expect(manifest.files['nvidia/cublas/lib/libcublas.so.12']).toMatchObject({ bytes: 6 });
    expect(statSync(join(directory, 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o111).toBe(0o111);
    expect(Object.keys(manifest.archives)).toContain('cuda.whl');
    expect(fake.calls('python3')).toBe(2);
  });
});

describe('--dir', () => {
  it('puts the engine there, links to it, and removes both', async () => {
    const elsewhere = join(fake.root, 'big-disk');
    await install();
    const { directory } = await install({ directory: elsewhere });
    expect(directory).toBe(join(elsewhere, 'native-cpu-fake'));
    expect(lstatSync(engine).isSymbolicLink()).toBe(true);
    expect(realpathSync(engine)).toBe(realpathSync(directory));
    await verifyFiles(engine, (await readManifest(engine))!);
    expect(await removeNative(fake.engines)).toEqual([realpathSync(elsewhere).concat('/native-cpu-fake')]);
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(readdirSync(fake.engines)).toEqual([]);
  });

  it('says what to set where the cache cannot be written', async () => {
    const elsewhere = join(fake.root, 'big-disk');
    writeFileSync(join(fake.root, 'file'), '');
    await install({ directory: elsewhere }, { environment: { ...fake.surroundings.environment, HOOKLINE_ENGINES_DIR: join(fake.root, 'file', 'cache') } });
    expect(lines.at(-1)).toContain(`set HOOKLINE_ENGINES_DIR=${elsewhere}`);
  });
});

describe('removeNative', () => {
  it('removes engines of every version and what unfinished installations left, and nothing else', async () => {
    await install();
    for (const name of ['native-cpu-older', '.native-cpu-older.1234', '.native-downloads', 'wasm-something']) mkdirSync(join(fake.engines, name));
    expect(await removeNative(fake.engines)).toEqual([engine, join(fake.engines, 'native-cpu-older')]);
    expect(readdirSync(fake.engines)).toEqual(['wasm-something']);
    expect(await removeNative(fake.engines)).toEqual([]);
    expect(await removeNative(join(fake.root, 'nowhere'))).toEqual([]);
  });

  it('removes a link to something else, and leaves that alone', async () => {
    mkdirSync(fake.engines);
    mkdirSync(join(fake.root, 'precious'));
    symlinkSync(join(fake.root, 'precious'), engine);
    expect(await removeNative(fake.engines)).toEqual([]);
    expect(existsSync(join(fake.root, 'precious'))).toBe(true);
    expect(existsSync(engine)).toBe(false);
  });
});

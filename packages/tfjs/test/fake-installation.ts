import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { changes } from '../src/node/native-install/binding-source.js';
import type { Surroundings } from '../src/node/native-install/install.js';
import type { NativeSources, NativeVariant, NpmSource } from '../src/node/native-install/sources.js';

/** A zip archive of these files: every second one stored, the others deflated. */
export function zip(files: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  Object.entries(files).forEach(([name, text], i) => {
    const plain = Buffer.from(text);
    const method = i % 2 === 0 ? 8 : 0;
    const data = method === 8 ? deflateRawSync(plain) : plain;
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(plain.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const extra = Buffer.from([1, 0, 2, 0, 7, 7]);
    shared.writeUInt16LE(extra.length, 24);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), extra, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const central = Buffer.from(shared);
    central.writeUInt16LE(0, 24);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), central, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  });
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

const digest = (algorithm: string, file: string, encoding: 'hex' | 'base64'): string => createHash(algorithm).update(readFileSync(file)).digest(encoding);

export interface FakeInstallation {
  /** Everything of it is below this folder. */
  readonly root: string;
  /** Where engines go. */
  readonly engines: string;
  /** Folder of the fake programs, the only one in PATH. */
  readonly bin: string;
  readonly surroundings: Surroundings;
  /** Replaces a program by a shell script. */
  readonly tool: (name: string, script: string) => void;
  /** How often a program was called, but for its version. */
  readonly calls: (name: string) => number;
  readonly remove: () => void;
}

const metadata = 'Name: tensorflow\nRequires-Dist: numpy>=1.26.0\nRequires-Dist: nvidia-cublas-cu12<13.0,>=12.5; extra == "and-cuda"\n';

/** Programs, archives and surroundings with which the native engine is "installed" within a second, and without a network. */
export function fakeInstallation(): FakeInstallation {
  const root = mkdtempSync(join(tmpdir(), 'hookline-install-'));
  const [bin, archives, engines, logs] = ['bin', 'archives', 'engines', 'logs'].map((name) => join(root, name)) as [string, string, string, string];
  for (const folder of [bin, archives, logs]) mkdirSync(folder);
  for (const name of ['tar', 'gzip', 'sh', 'cp', 'mkdir', 'sleep', 'basename', 'dirname']) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
  }

  const tool = (name: string, script: string): void => {
    const version = 'for a in "$@"; do [ "$a" = --version ] && exit 0; done';
    writeFileSync(join(bin, name), `#!/bin/sh\n${version}\necho called >> '${join(logs, name)}'\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const after = (flag: string) => `out=; take=; for a in "$@"; do [ -n "$take" ] && out="$a"; take=; [ "$a" = ${flag} ] && take=1; last="$a"; done`;
  tool(
    'g++',
    `${after('-o')}\nfor a in "$@"; do case "$a" in *.cc|*.so.2) [ -f "$a" ] || { echo "$a: error: missing"; exit 1; };; esac; done\necho addon > "$out"`,
  );
  tool(
    'npm',
    `out=; take=; for a in "$@"; do [ -n "$take" ] && out="$a"; take=; [ "$a" = --pack-destination ] && take=1; done\ncp '${archives}'/"$(basename "$2")".tgz "$out"/archive.tgz`,
  );
  tool(
    'python3',
    `${after('--dest')}\ncase "$last" in nvidia*) cp '${archives}'/cuda.whl "$out"/cuda.whl;; *) cp '${archives}'/tensorflow.whl "$out"/tensorflow.whl;; esac`,
  );

  const pack = (name: string, version: string, files: Readonly<Record<string, string>>): NpmSource => {
    const folder = join(root, 'packing', name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'package', path)), { recursive: true });
      writeFileSync(join(folder, 'package', path), text);
    }
    const file = join(archives, `${name}@${version}.tgz`);
    execFileSync('tar', ['-czf', file, '-C', folder, 'package']);
    return { name, version, sha512: digest('sha512', file, 'base64') };
  };
  const tfjs = pack('fake-tfjs-node', '4.22.0', {
    'package.json': '{"name":"fake-tfjs-node","scripts":{"install":"exit 1"}}',
    'dist/nodejs_kernel_backend.js': 'exports.loaded = true;',
    'binding/tfjs_backend.cc': changes.map(([published]) => published).join(''),
    'binding/tfjs_binding.cc': '',
  });
  const headers = pack('fake-headers', '1.0.0', { 'package.json': '{}', 'include/node_api.h': '' });
  const protobuf = pack('fake-protobuf', '3.0.0', { 'package.json': '{"main":"protobuf.js"}', 'protobuf.js': '' });
  const wheel = join(archives, 'tensorflow.whl');
  writeFileSync(
    wheel,
    zip({
      'tensorflow/libtensorflow_cc.so.2': 'library',
      'tensorflow/libtensorflow_framework.so.2': 'framework',
      'tensorflow/include/tensorflow/c/c_api.h': 'header',
      'tensorflow/python/other.so': 'not wanted',
      'tensorflow-2.21.0.dist-info/METADATA': metadata,
    }),
  );
  writeFileSync(
    join(archives, 'cuda.whl'),
    zip({ 'nvidia/cublas/lib/libcublas.so.12': 'cublas', 'nvidia/cublas/include/cublas.h': 'not wanted', 'nvidia/cuda_nvcc/bin/ptxas': 'assembler' }),
  );

  const sha256 = digest('sha256', wheel, 'hex');
  const bytes = readFileSync(wheel).length;
  const sources = (variant: NativeVariant): NativeSources => ({
    variant,
    key: `native-${variant}-fake`,
    tfjs,
    headers,
    protobuf,
    wheel: { project: 'tensorflow', version: '2.21.0', file: 'tensorflow-2.21.0.whl', sha256, bytes },
    platforms: ['manylinux_2_27_x86_64'],
    room: 1000,
  });
  return {
    root,
    engines,
    bin,
    tool,
    calls: (name) => {
      try {
        return readFileSync(join(logs, name), 'utf8').trim().split('\n').length;
      } catch {
        return 0;
      }
    },
    surroundings: {
      environment: { PATH: bin, HOME: root, HOOKLINE_ENGINES_DIR: engines },
      sources,
      gpuPresent: () => false,
      probe: async () => ({ tensorflow: '2.21.0', gpu: false }),
      freeBytes: async () => 1e12,
      pause: 1,
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importNative } from './import-native.js';

let project: string;
let engines: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'hookline-native-'));
  engines = join(project, 'engines');
});
afterEach(() => rmSync(project, { recursive: true }));

function install(name: string, source: string): void {
  const directory = join(project, 'node_modules', '@tensorflow', name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: `@tensorflow/${name}`, main: 'index.js' }));
  writeFileSync(join(directory, 'index.js'), source);
}

describe('importNative', () => {
  const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' };

  it('says that it is not installed, and what installs it', async () => {
    expect(await importNative(project, engines, linux)).toEqual({
      loaded: false,
      version: '',
      why: 'it is not installed',
      install: 'hookline engines install native',
    });
  });

  it('says why there is none for a machine, and offers nothing', async () => {
    expect(await importNative(project, engines, { ...linux, platform: 'darwin' })).toEqual({
      loaded: false,
      version: '',
      why: 'there is no native engine for this machine: it runs darwin, and the engine is built for Linux',
    });
  });

  it("loads the package of the user's project", async () => {
    install('tfjs-node', "exports.version = { 'tfjs-node': '4.22.0' };");
    expect(await importNative(project, engines)).toEqual({ loaded: true, version: '4.22.0', why: '' });
  });

  it('prefers the GPU package', async () => {
    install('tfjs-node-gpu', "exports.version = { 'tfjs-node': 'gpu' };");
    install('tfjs-node', "exports.version = { 'tfjs-node': 'cpu' };");
    expect((await importNative(project, engines)).version).toBe('gpu');
  });

  it('falls back where the GPU package does not load', async () => {
    install('tfjs-node-gpu', "throw new Error('libcuda.so: not found');");
    install('tfjs-node', "exports.version = { 'tfjs-node': 'cpu' };");
    expect((await importNative(project, engines)).version).toBe('cpu');
  });

  it('says why an installed package does not load', async () => {
    install('tfjs-node', "throw new Error('The Node.js native addon module can not be found\\nat some path');");
    expect((await importNative(project, engines)).why).toBe(
      '@tensorflow/tfjs-node is installed but does not load (The Node.js native addon module can not be found)',
    );
  });
});

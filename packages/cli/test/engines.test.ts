import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { hookline } from './run-hookline.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hookline-engines-'));
  mkdirSync(join(cwd, 'bin'));
  vi.stubEnv('HOOKLINE_ENGINES_DIR', join(cwd, 'engines'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cwd, { recursive: true });
});

it('lists the engines, why one is missing, and what installs it', async () => {
  const { code, out, err } = await hookline(['engines'], { cwd });
  expect({ code, err }).toEqual({ code: 0, err: [] });
  const [native, wasm, cpu] = out.trim().split('\n');
  expect(native).toMatch(/^native {2}not here: .+ `wasm`/);
  if (process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)) expect(native).toContain('install it with `hookline engines install native`');
  expect(wasm).toMatch(/^wasm {4}WebAssembly .*\(version 4\.22\.0\)$/);
  expect(cpu).toMatch(/^cpu {5}plain JavaScript/);
});

it('lists them as JSON', async () => {
  const { out } = await hookline(['engines', '--json'], { cwd });
  const engines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(engines).toEqual([
    { name: 'native', available: false, why: expect.any(String), mend: expect.stringContaining('`wasm`') },
    { name: 'wasm', available: true, version: '4.22.0', device: expect.any(String) },
    { name: 'cpu', available: true, version: '4.22.0', device: expect.any(String) },
  ]);
});

it('names the tools that an installation lacks, and installs nothing', async () => {
  vi.stubEnv('PATH', join(cwd, 'bin'));
  const { code, err } = await hookline(['engines', 'install', 'native'], { cwd });
  expect(code).toBe(2);
  if (process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)) {
    expect(err).toEqual([expect.stringMatching(/^hookline: \[HOOKLINE_TOOL_MISSING\] .*g\+\+.*pip.*npm.*tar are missing; install with `sudo apt-get/)]);
  }
  expect(existsSync(join(cwd, 'engines', 'native-cpu'))).toBe(false);
});

it('installs no engine that comes with hookline', async () => {
  const { code, err } = await hookline(['engines', 'install', 'wasm'], { cwd });
  expect(code).toBe(2);
  expect(err).toEqual([expect.stringContaining("'wasm' is invalid")]);
});

it('removes nothing where nothing is, and says so', async () => {
  expect(await hookline(['engines', 'remove'], { cwd })).toEqual({ code: 0, out: 'no native engine is installed\n', err: [] });
  expect((await hookline(['engines', 'remove', 'native', '--json'], { cwd })).out).toBe('{"event":"result","removed":[]}\n');
  expect(existsSync(join(cwd, 'engines'))).toBe(false);
});

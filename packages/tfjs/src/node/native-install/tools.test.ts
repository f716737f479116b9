import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findTools } from './tools.js';

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'hookline-tools-'));
});
afterEach(() => rmSync(bin, { recursive: true }));

function tools(...names: string[]): void {
  for (const name of names) {
    writeFileSync(join(bin, name), '#!/bin/sh\nexit 0\n');
    chmodSync(join(bin, name), 0o755);
  }
}

it('finds what is there', async () => {
  tools('g++', 'python3', 'npm', 'tar');
  expect(await findTools({ PATH: bin })).toEqual({ compiler: ['g++'], pip: ['python3', '-m', 'pip'], npm: ['npm'], tar: ['tar'] });
});

it('takes other names of the same, and the compiler that CXX names', async () => {
  tools('clang++', 'my-compiler', 'pip', 'npm', 'tar');
  expect(await findTools({ PATH: bin })).toMatchObject({ compiler: ['clang++'], pip: ['pip'] });
  expect(await findTools({ PATH: bin, CXX: 'my-compiler -m64' })).toMatchObject({ compiler: ['my-compiler', '-m64'] });
});

it('takes a Python without pip for a missing pip', async () => {
  tools('g++', 'npm', 'tar');
  writeFileSync(join(bin, 'python3'), '#!/bin/sh\necho "No module named pip"; exit 1\n');
  chmodSync(join(bin, 'python3'), 0o755);
  await expect(findTools({ PATH: bin })).rejects.toThrow(
    expect.objectContaining({ code: 'HOOKLINE_TOOL_MISSING', message: expect.stringContaining("here: Python's pip (it only downloads) is missing") }),
  );
});

it('names all that are missing at once, and how to get them', async () => {
  tools('npm', 'tar');
  await expect(findTools({ PATH: bin })).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/a C\+\+ compiler \(g\+\+\), Python's pip .* are missing/),
      hint: expect.stringContaining('apt-get install g++ python3-pip'),
    }),
  );
});

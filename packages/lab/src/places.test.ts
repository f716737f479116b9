import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireDirectoryPlace, requireFilePlace } from './places.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-places-'));
  writeFileSync(join(folder, 'file'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

it('lets a directory be made where nothing is, or a directory', () => {
  expect(() => requireDirectoryPlace(join(folder, 'a', 'b'))).not.toThrow();
  expect(() => requireDirectoryPlace(folder)).not.toThrow();
  expect(() => requireFilePlace(join(folder, 'a', 'b'))).not.toThrow();
  expect(() => requireFilePlace(join(folder, 'file'))).not.toThrow();
});

it('names the file that is in the way', () => {
  for (const path of ['file', 'file/in', 'file/in/it']) {
    expect(() => requireDirectoryPlace(join(folder, path))).toThrow(expect.objectContaining({ code: 'HOOKLINE_WRITE' }));
    expect(() => requireDirectoryPlace(join(folder, path))).toThrow(`'${join(folder, 'file')}' is a file`);
  }
  expect(() => requireFilePlace(join(folder, 'file', 'in'))).toThrow(/is a file/);
});

it('refuses a directory where a file is to be written', () => {
  expect(() => requireFilePlace(folder)).toThrow(/is a directory; give the path of a file/);
});

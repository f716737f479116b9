import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { entryAt, readError, requireFile, requireNoFile } from './file-access.js';

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-access-'));
  file = join(folder, 'file.tsv');
  writeFileSync(file, 'a');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds nothing where no name, no folder or no name of that length can be', () => {
  for (const path of ['no.tsv', 'file.tsv/x.tsv', 'x'.repeat(300)]) {
    expect(entryAt(join(folder, path))).toBeUndefined();
    expect(() => requireFile(join(folder, path))).toThrow(expect.objectContaining({ code: 'HOOKLINE_DATA_MISSING' }));
  }
  expect(entryAt(file)?.isFile()).toBe(true);
});

it('tells a file from a folder', () => {
  requireFile(file);
  expect(() => requireFile(folder)).toThrow(`${folder} is a folder, not a file`);
  requireNoFile(folder);
  requireNoFile(join(folder, 'to-be'));
  expect(() => requireNoFile(file)).toThrow(`${file} is a file, not a folder; give the folder that holds a folder a task`);
});

it('has a typed error for what cannot be read', () => {
  symlinkSync('loop', join(folder, 'loop'));
  expect(() => entryAt(join(folder, 'loop'))).toThrow(
    expect.objectContaining({ code: 'HOOKLINE_DATA', message: `${join(folder, 'loop')}: cannot be read (ELOOP)` }),
  );
  expect(readError('x.tsv', { code: 'EACCES' })).toMatchObject({ code: 'HOOKLINE_PERMISSION', message: 'not allowed to read x.tsv; change its permissions' });
});

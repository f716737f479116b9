import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textLines } from './text-file.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-text-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array): Promise<readonly string[]> {
  writeFileSync(join(folder, 'x.tsv'), bytes);
  const all: string[] = [];
  for await (const { lines } of textLines(join(folder, 'x.tsv'))) all.push(...lines);
  return all;
}

it('reads lines, with or without a byte order mark', async () => {
  expect(await read(Buffer.from('\uFEFFa\tb\nc'))).toEqual(['a\tb', 'c']);
  expect(await read(Buffer.from('é'))).toEqual(['é']);
});

it('names the line that is not UTF-8, far into a file and at its end', async () => {
  const long = Buffer.from(`${'naïve\n'.repeat(20_000)}`);
  await expect(read(Buffer.concat([long, Buffer.from([0x61, 0xe9, 0x0a, 0x62])]))).rejects.toMatchObject({
    code: 'HOOKLINE_UTF8',
    message: expect.stringMatching(/x\.tsv, line 20001: is not UTF-8; convert the file/),
  });
  await expect(read(Buffer.from([0x61, 0x0a, 0xc3]))).rejects.toThrow(/x\.tsv, line 2: is not UTF-8/);
});

it.each<[string, Uint8Array, string, RegExp]>([
  ['gzip', gzipSync('a\tb\n'), 'HOOKLINE_DATA', /x\.tsv: is packed by gzip; unpack it/],
  ['a workbook', Buffer.from('PK\x03\x04...'), 'HOOKLINE_DATA', /is a ZIP archive or a workbook; unpack it, or save the table as CSV/],
  ['UTF-16 with a mark', Buffer.from('\uFEFFa', 'utf16le'), 'HOOKLINE_UTF8', /x\.tsv is not UTF-8: it begins as UTF-16 does/],
  ['UTF-16 without one', Buffer.from('text\tlabel\n', 'utf16le'), 'HOOKLINE_UTF8', /it begins as UTF-16 does; convert the file to UTF-8/],
])('tells %s for what it is', async (_, bytes, code, message) => {
  await expect(read(bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

it('has a typed error for a path that is no file', async () => {
  await expect(textLines(folder).next()).rejects.toMatchObject({ code: 'HOOKLINE_DATA', message: `${folder}: cannot be read (EISDIR)` });
});

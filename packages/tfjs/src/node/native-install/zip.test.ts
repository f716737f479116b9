import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zip } from '../../../test/fake-installation.js';
import { entryText, extractEntry, zipEntries } from './zip.js';

let folder: string;
let path: string;
const files = { 'a/deflated.txt': 'aaaa'.repeat(1000), 'a/stored.txt': 'stored', 'empty-deflated': '', 'empty-stored': '', 'folder/': '' };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-zip-'));
  path = join(folder, 'archive.zip');
  writeFileSync(path, zip(files));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a zip archive', () => {
  it('lists its files', async () => {
    expect((await zipEntries(path)).map(({ name, bytes, deflated }) => ({ name, bytes, deflated }))).toEqual([
      { name: 'a/deflated.txt', bytes: 4000, deflated: true },
      { name: 'a/stored.txt', bytes: 6, deflated: false },
      { name: 'empty-deflated', bytes: 0, deflated: true },
      { name: 'empty-stored', bytes: 0, deflated: false },
    ]);
  });

  it('gives back what went in', async () => {
    for (const entry of await zipEntries(path)) {
      const target = join(folder, 'out', entry.name);
      await extractEntry(path, entry, target);
      expect(readFileSync(target, 'utf8')).toBe(files[entry.name as keyof typeof files]);
      expect(await entryText(path, entry, join(folder, 'scratch'))).toBe(files[entry.name as keyof typeof files]);
    }
  });

  it('is refused where its end or a part of its directory is missing', async () => {
    const whole = readFileSync(path);
    const refused = expect.objectContaining({ code: 'HOOKLINE_CHECKSUM' });
    writeFileSync(path, whole.subarray(0, whole.length - 30));
    await expect(zipEntries(path)).rejects.toThrow(refused);
    writeFileSync(path, Buffer.concat([whole.subarray(0, 100), whole.subarray(180)]));
    await expect(zipEntries(path)).rejects.toThrow(refused);
    writeFileSync(path, '');
    await expect(zipEntries(path)).rejects.toThrow(refused);
  });

  it('is refused where a file has another length than the directory says', async () => {
    const [entry] = await zipEntries(path);
    await expect(extractEntry(path, { ...entry!, bytes: 3999 }, join(folder, 'out'))).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_CHECKSUM' }));
  });
});

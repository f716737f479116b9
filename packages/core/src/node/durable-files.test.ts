import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HooklineError } from '../errors.js';
import { readWhole, replaceFile, sha256, writeError, writeSynced } from './durable-files.js';

const directory = mkdtempSync(join(tmpdir(), 'hookline-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('knows SHA-256', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

describe('writeSynced', () => {
  it('writes the parts behind each other and tells their digest', async () => {
    const path = join(directory, 'a');
    const digest = await writeSynced(path, [Uint8Array.of(97), new Uint8Array(0), Uint8Array.of(98, 99)]);
    expect(digest).toEqual({ bytes: 3, sha256: sha256('abc') });
    expect(readFileSync(path, 'utf8')).toBe('abc');
    expect(await readWhole(path)).toEqual(Uint8Array.of(97, 98, 99));
  });

  it('does not write over a file', async () => {
    await writeSynced(join(directory, 'b'), []);
    await expect(writeSynced(join(directory, 'b'), [])).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe('replaceFile', () => {
  it('writes over what is there, and makes the directory', async () => {
    const path = join(directory, 'new', 'c');
    for (const text of ['first', 'ä']) await replaceFile('it', path, text);
    expect(readFileSync(path, 'utf8')).toBe('ä');
    expect(readdirSync(join(directory, 'new'))).toEqual(['c']);
  });

  it('leaves nothing beside what is in the way', async () => {
    mkdirSync(join(directory, 'taken', 'd'), { recursive: true });
    await expect(replaceFile('it', join(directory, 'taken', 'd'), 'text')).rejects.toMatchObject({ code: 'HOOKLINE_WRITE' });
    expect(readdirSync(join(directory, 'taken'))).toEqual(['d']);
  });
});

describe('writeError', () => {
  it('lets a typed error through', () => {
    const error = new HooklineError('HOOKLINE_STATE', 'no');
    expect(writeError('it', 'there', error)).toBe(error);
  });
});

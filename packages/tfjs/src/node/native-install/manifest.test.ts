import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifest, verifyFiles, writeManifest } from './manifest.js';

let folder: string;
const large = Buffer.alloc((4 << 20) + 1);
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-manifest-'));
  mkdirSync(at('lib'));
  writeFileSync(at('addon'), 'addon');
  writeFileSync(at('lib/large'), large);
  await writeManifest(folder, { key: 'k', variant: 'cpu', tensorflow: '2.21.0', tfjs: '4.22.0', archives: { wheel: 'abc' } }, ['addon', 'lib/large']);
});
afterEach(() => rmSync(folder, { recursive: true }));

const damaged = (message: string) => expect.objectContaining({ code: 'HOOKLINE_ENGINE_DAMAGED', message: expect.stringContaining(message) });
const verify = async (thorough = false) => verifyFiles(folder, (await readManifest(folder))!, thorough);

describe('the manifest', () => {
  it('records what is there and is content with it', async () => {
    expect(await readManifest(folder)).toMatchObject({ key: 'k', files: { addon: { bytes: 5 }, 'lib/large': { bytes: large.length } } });
    await verify();
    await verify(true);
  });

  it('is undefined where there is none, and refused where it is not valid', async () => {
    expect(await readManifest(join(folder, 'lib'))).toBeUndefined();
    writeFileSync(at('manifest.json'), '{"format": 2}');
    await expect(readManifest(folder)).rejects.toThrow(damaged('manifest.json is not valid'));
    writeFileSync(at('manifest.json'), '{');
    await expect(readManifest(folder)).rejects.toThrow(damaged('manifest.json is not valid'));
  });

  it('names a file that is missing, of another length, or changed', async () => {
    writeFileSync(at('addon'), 'other');
    await expect(verify()).rejects.toThrow(damaged('addon is not what was installed'));
    writeFileSync(at('addon'), 'longer than it was');
    await expect(verify()).rejects.toThrow(damaged('addon has 18 bytes and not 5'));
    rmSync(at('addon'));
    await expect(verify()).rejects.toThrow(damaged('addon is missing'));
  });

  it('reads a large file again where its date changed, or when it is asked to be thorough', async () => {
    const { atime, mtime } = statSync(at('lib/large'));
    writeFileSync(at('lib/large'), Buffer.from(large).fill(1, 100, 101));
    await expect(verify()).rejects.toThrow(damaged('lib/large is not what was installed'));
    utimesSync(at('lib/large'), atime, mtime);
    await expect(verify(true)).rejects.toThrow(damaged('lib/large is not what was installed'));
    writeFileSync(at('lib/large'), large);
    await verify();
  });
});

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../errors.js';
import { type Manifest, readManifest, writeManifest } from './manifest.js';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const manifest: Manifest = {
  sequence: 3,
  step: 100,
  position: 200,
  config: { seed: 1, plugins: ['a'], rate: 0.1 },
  metrics: { dev: { loss: 0.25, broken: Number.NaN, best: Number.NEGATIVE_INFINITY } },
  plugins: { ema: { version: 1, state: { updates: 7, seen: -0 } }, none: { version: 2, state: null } },
  files: { 'model.safetensors': { bytes: 12, sha256: 'ab' } },
};

describe('writeManifest', () => {
  it('comes back as it was, NaN included', async () => {
    expect(await readManifest(await writeManifest(manifest, digest), digest)).toEqual(manifest);
  });

  it('keeps why the run was stopped', async () => {
    const stopped = { ...manifest, stopped: 'dev loss has not improved' };
    expect(await readManifest(await writeManifest(stopped, digest), digest)).toEqual(stopped);
  });

  it('names the plugin whose state cannot be kept', async () => {
    const state = { plugins: { mine: { version: 1, state: { map: new Map() } } } };
    await expect(writeManifest({ ...manifest, ...state }, digest)).rejects.toThrow("the state of plugin 'mine'.map holds a value of type Map");
  });
});

describe('readManifest', async () => {
  const text = await writeManifest(manifest, digest);

  it('finds a change of any character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (at, flip) => {
        const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ flip) + text.slice(at + 1);
        await expect(readManifest(changed, digest)).rejects.toThrow(HooklineError);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['half of it', text.slice(0, text.length / 2)],
    ['null', 'null'],
    ['a list', '[]'],
  ])('refuses %s', async (_, damaged) => {
    await expect(readManifest(damaged, digest)).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_CHECKPOINT_DAMAGED' }));
  });

  it('refuses another version with a right checksum', async () => {
    const { sha256: _, ...body } = JSON.parse(text) as Record<string, unknown>;
    const newer = { ...body, version: 2 };
    const signed = `${JSON.stringify({ ...newer, sha256: digest(JSON.stringify(newer)) }, null, 2)}\n`;
    await expect(readManifest(signed, digest)).rejects.toThrow(/version: .*another version of hookline/);
  });
});

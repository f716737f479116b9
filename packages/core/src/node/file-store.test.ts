import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint, Retention } from '../trainer-types.js';
import { readCheckpoint } from './checkpoint-directory.js';
import type { WritePart } from './durable-files.js';
import { bestCheckpoint, fileStore } from './file-store.js';
import { openRun } from './run-storage.js';

let directory: string;
let warnings: string[];
const onWarning = (message: string): void => void warnings.push(message);

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'hookline-store-')), 'checkpoints');
  warnings = [];
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const checkpoint = (step: number, loss?: number, retention?: Retention): Checkpoint => ({
  step,
  position: 2 * step,
  tensors: { w: { shape: [2, 1], data: Float64Array.of(step, 0.1) }, 'adam.step': { shape: [], data: Int32Array.of(step) } },
  plugins: { ema: { version: 1, state: { updates: step, worst: Number.NEGATIVE_INFINITY } } },
  config: { seed: 7 },
  metrics: loss === undefined ? {} : { dev: { loss } },
  ...(retention ? { retention } : {}),
});

const store = (options = {}) => fileStore(directory, { onWarning, ...options });
const best = { set: 'dev', metric: 'loss', mode: 'min' } as const;

/** Saves some bytes of the file, then fails as the system does. */
const failing =
  (code: string): WritePart =>
  async (file, part) => {
    await file.write(part.subarray(0, part.length / 2));
    throw Object.assign(new Error(code), { code });
  };

describe('fileStore', () => {
  it('gives back what was saved, the newest by default', async () => {
    await store().save(checkpoint(100, 0.5));
    await store().save(checkpoint(200));
    expect(readdirSync(directory)).toEqual(['step-00000100', 'step-00000200']);
    expect(readdirSync(join(directory, 'step-00000100')).sort()).toEqual(['manifest.json', 'model.safetensors']);
    expect(await store().load()).toEqual(checkpoint(200));
    expect(await store().load('step-00000100')).toEqual(checkpoint(100, 0.5));
    expect(await readCheckpoint(join(directory, 'step-00000100'))).toEqual(checkpoint(100, 0.5));
    expect(warnings).toEqual([]);
  });

  it('names the best by a metric, the one that is kept', async () => {
    for (const [step, loss] of [0.5, 0.3, 0.4, 0.6].entries()) await store({ keep: 1, best }).save(checkpoint(step, loss));
    expect(readdirSync(directory)).toEqual(['step-00000001', 'step-00000003']);
    expect(await bestCheckpoint(directory, best)).toBe('step-00000001');
    expect(await bestCheckpoint(directory, { ...best, mode: 'max' })).toBe('step-00000003');
    expect(await bestCheckpoint(directory, { ...best, metric: 'f1' })).toBeUndefined();
    await expect(bestCheckpoint(directory, { set: 'dev', metric: 'loss' } as never)).rejects.toMatchObject({ code: 'HOOKLINE_OPTIONS' });
  });

  it('has nothing where nothing was saved', async () => {
    expect(await store().load()).toBeUndefined();
    await expect(store().load('step-00000100')).rejects.toMatchObject({ code: 'HOOKLINE_CHECKPOINT_MISSING', hint: 'there are none' });
  });

  it('names those that are there when a named one is not', async () => {
    await store().save(checkpoint(100));
    await expect(store().load('step-00000300')).rejects.toMatchObject({ code: 'HOOKLINE_CHECKPOINT_MISSING', hint: 'there are: step-00000100' });
    await expect(store().load('../checkpoints/step-00000100')).rejects.toMatchObject({ code: 'HOOKLINE_CHECKPOINT_MISSING' });
    await expect(readCheckpoint(join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'HOOKLINE_CHECKPOINT_MISSING' });
  });

  const model = (): string => join(directory, 'step-00000200', 'model.safetensors');
  const manifest = (): string => join(directory, 'step-00000200', 'manifest.json');
  const flip = (path: string, at: number): void => {
    const bytes = readFileSync(path);
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(path, bytes);
  };
  it.each<[string, () => void, RegExp]>([
    [
      'tensors cut short',
      () => truncateSync(model(), readFileSync(model()).length - 1),
      /step-00000200 is damaged: model.safetensors has \d+ bytes instead of \d+/,
    ],
    ['one byte of the tensors changed', () => flip(model(), readFileSync(model()).length - 3), /bytes of model.safetensors do not fit their checksum/],
    ['one byte of the header changed', () => flip(model(), 12), /bytes of model.safetensors do not fit their checksum/],
    ['no tensors', () => rmSync(model()), /model.safetensors is missing/],
    [
      'one byte of the manifest changed',
      () => flip(manifest(), readFileSync(manifest()).indexOf('400') + 1),
      /manifest: its bytes do not fit its own checksum/,
    ],
    ['a manifest cut short', () => truncateSync(manifest(), 40), /manifest: not JSON/],
    ['no manifest', () => rmSync(manifest()), /manifest.json is missing/],
  ])('passes over a damaged one with a warning and refuses it by name: %s', async (_, damage, message) => {
    await store().save(checkpoint(100));
    await store().save(checkpoint(200));
    damage();
    expect(await store().load()).toEqual(checkpoint(100));
    expect(warnings).toEqual([expect.stringMatching(message)]);
    await expect(store().load('step-00000200')).rejects.toMatchObject({ code: 'HOOKLINE_CHECKPOINT_DAMAGED', message: expect.stringMatching(message) });
    expect(await store().load('step-00000100')).toEqual(checkpoint(100));
  });

  it.each([
    ['ENOSPC', 'HOOKLINE_DISK_FULL'],
    ['EDQUOT', 'HOOKLINE_DISK_FULL'],
    ['EFBIG', 'HOOKLINE_DISK_FULL'],
    ['EIO', 'HOOKLINE_WRITE'],
  ])('leaves the earlier checkpoints and nothing else when a write fails with %s', async (system, code) => {
    await store().save(checkpoint(100));
    const failure = store({ write: failing(system), keep: 1 }).save(checkpoint(200));
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining('step-00000200') });
    expect(readdirSync(directory)).toEqual(['step-00000100']);
    expect(await store().load()).toEqual(checkpoint(100));
    expect(warnings).toEqual([]);
  });

  it('keeps the old one of the same step when the new one cannot be written', async () => {
    await store().save(checkpoint(100, 1));
    await expect(store({ write: failing('ENOSPC') }).save(checkpoint(100, 2))).rejects.toThrow();
    expect(await store().load()).toEqual(checkpoint(100, 1));
  });

  it('replaces one of the same step', async () => {
    await store().save(checkpoint(100, 1));
    await store().save(checkpoint(100, 2));
    expect(readdirSync(directory)).toEqual(['step-00000100']);
    expect(await store().load()).toEqual(checkpoint(100, 2));
  });

  it('ignores what a killed process left, and cleans it at the next save', async () => {
    await store().save(checkpoint(100));
    const left = join(directory, '.tmp-step-00000200');
    mkdirSync(left);
    writeFileSync(join(left, 'model.safetensors'), 'half');
    expect(await store().load()).toEqual(checkpoint(100));
    await store().save(checkpoint(200));
    expect(readdirSync(directory)).toEqual(['step-00000100', 'step-00000200']);
    expect(warnings).toEqual([]);
  });

  it('finds the old one of a step when the process died between setting it aside and putting the new one in its place', async () => {
    await store().save(checkpoint(100, 1));
    renameSync(join(directory, 'step-00000100'), join(directory, '.old-step-00000100'));
    expect(await store().load()).toEqual(checkpoint(100, 1));
    expect(await store().load('step-00000100')).toEqual(checkpoint(100, 1));
    await store().save(checkpoint(200));
    expect(readdirSync(directory)).toEqual(['step-00000100', 'step-00000200']);
  });

  it('prefers the new one of a step when the process died before deleting the old one', async () => {
    await store().save(checkpoint(100, 1));
    renameSync(join(directory, 'step-00000100'), join(directory, '.old-step-00000100'));
    await store().save(checkpoint(200));
    renameSync(join(directory, 'step-00000200'), join(directory, '.old-step-00000100'));
    expect((await store().load())?.metrics).toEqual({ dev: { loss: 1 } });
    await store().save(checkpoint(300));
    expect(readdirSync(directory)).toEqual(['step-00000100', 'step-00000300']);
  });

  it('goes by what was saved last after going back to an earlier checkpoint', async () => {
    for (const step of [100, 200, 300]) await store().save(checkpoint(step));
    await store({ keep: 2 }).save(checkpoint(150));
    expect(readdirSync(directory)).toEqual(['step-00000150', 'step-00000300']);
    expect(await store().load()).toEqual(checkpoint(150));
  });

  it('keeps the newest and the best', async () => {
    for (const [step, loss] of [
      [100, 3],
      [200, 1],
      [300, 2],
      [400, 1],
      [500, 4],
    ] as const)
      await store({ keep: 1, best }).save(checkpoint(step, loss));
    expect(readdirSync(directory)).toEqual(['step-00000200', 'step-00000500']);
  });

  it('follows the retention that a checkpoint states over its own', async () => {
    for (const step of [100, 200, 300]) await store({ keep: 1 }).save(checkpoint(step, step, { keep: 2 }));
    expect(readdirSync(directory)).toEqual(['step-00000200', 'step-00000300']);
  });

  it('leaves files of others alone', async () => {
    await store().save(checkpoint(100));
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    mkdirSync(join(directory, 'best'));
    await store({ keep: 1 }).save(checkpoint(200));
    expect(readdirSync(directory)).toEqual(['best', 'notes.txt', 'step-00000200']);
    expect(warnings).toEqual([]);
  });

  it('says what cannot be kept in a checkpoint', async () => {
    await expect(store().save({ ...checkpoint(100), plugins: { mine: { version: 1, state: 1n } } })).rejects.toMatchObject({ code: 'HOOKLINE_STATE' });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('refuses options that make no sense', () => {
    expect(() => fileStore(directory, { keep: 0 })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
    expect(() => fileStore(directory, { keeps: 1 } as object)).toThrow(/did you mean 'keep'/);
  });

  it('says that a directory cannot be made', async () => {
    writeFileSync(directory, 'a file');
    await expect(store().save(checkpoint(1))).rejects.toMatchObject({ code: 'HOOKLINE_WRITE' });
  });
});

describe('openRun', () => {
  it('keeps checkpoints in a folder of the run', async () => {
    await openRun(directory).save(checkpoint(5));
    expect(readdirSync(join(directory, 'checkpoints'))).toEqual(['step-00000005']);
  });
});

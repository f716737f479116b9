import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { residualMlp } from '../testing/index.js';
import { createTrainer } from '../trainer.js';
import type { Checkpoint, Retention } from '../trainer-types.js';
import { type BrowserStore, indexedDbStore } from './indexed-db-store.js';
import { openRun } from './run-storage.js';

const name = 'first';
let warnings: string[];
const store = (retention: Retention = {}): BrowserStore => indexedDbStore({ name, onWarning: (message) => void warnings.push(message), ...retention });

const checkpoint = (step: number, loss?: number, retention?: Retention): Checkpoint => ({
  step,
  position: 2 * step,
  tensors: { w: { shape: [2, 1], data: Float64Array.of(step, 0.1) }, 'adam.step': { shape: [], data: Int32Array.of(step) } },
  plugins: { ema: { version: 1, state: { updates: step, worst: Number.NEGATIVE_INFINITY } } },
  config: { seed: 1 },
  metrics: loss === undefined ? {} : { dev: { loss } },
  ...(retention ? { retention } : {}),
});

/** Changes what the database holds behind the store's back. */
async function tamper(table: 'manifests' | 'tensors', key: string, change: (value: unknown) => unknown): Promise<void> {
  const database = await openDB(`hookline:${name}`);
  await database.put(table, change(await database.get(table, key)), key);
  database.close();
}

beforeEach(() => {
  warnings = [];
});
afterEach(() => store().delete());

describe('indexedDbStore', () => {
  it('gives back what was saved: the newest, or the one of a name', async () => {
    expect(await store().load()).toBeUndefined();
    await store().save(checkpoint(100));
    await store().save(checkpoint(200, 0.5));
    expect(await store().load()).toEqual(checkpoint(200, 0.5));
    expect(await store().load('step-00000100')).toEqual(checkpoint(100));
    expect(await store().names()).toEqual(['step-00000100', 'step-00000200']);
    expect(warnings).toEqual([]);
  });

  it('takes what was saved last for the newest, also after going back', async () => {
    for (const step of [100, 200, 150, 100]) await store().save(checkpoint(step, step));
    expect((await store().load())?.step).toBe(100);
    expect(await store().names()).toEqual(['step-00000200', 'step-00000150', 'step-00000100']);
  });

  it('keeps the newest and the best', async () => {
    const best = { set: 'dev', metric: 'loss', mode: 'min' } as const;
    const losses = [3, 1, 2, 1, 5];
    for (const [i, loss] of losses.entries()) await store({ keep: 1, best }).save(checkpoint(100 * i, loss));
    expect(await store().names()).toEqual(['step-00000100', 'step-00000400']);
  });

  it('follows the retention that a checkpoint states over its own', async () => {
    for (const step of [100, 200, 300]) await store({ keep: 1 }).save(checkpoint(step, step, { keep: 2 }));
    expect(await store().names()).toEqual(['step-00000200', 'step-00000300']);
  });

  it('keeps runs apart, and deletes one alone', async () => {
    const other = indexedDbStore({ name: 'second' });
    await other.save(checkpoint(1));
    await store().save(checkpoint(2));
    await store().delete();
    expect(await store().load()).toBeUndefined();
    expect((await other.load())?.step).toBe(1);
    await other.delete();
  });

  it('says what cannot be kept, and keeps nothing of it', async () => {
    await store().save(checkpoint(100));
    await expect(store().save({ ...checkpoint(200), plugins: { mine: { version: 1, state: 1n } } })).rejects.toMatchObject({ code: 'HOOKLINE_STATE' });
    expect(await store().names()).toEqual(['step-00000100']);
  });

  it('names those there are where one is missing', async () => {
    await store().save(checkpoint(100));
    await expect(store().load('step-00000300')).rejects.toThrow(
      expect.objectContaining({ code: 'HOOKLINE_CHECKPOINT_MISSING', message: "there is no checkpoint step-00000300 of 'first'; there are: step-00000100" }),
    );
  });

  it('refuses options that make no sense', () => {
    expect(() => store({ keep: 0 })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
    expect(() => indexedDbStore({ name: '' })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

describe('a damaged checkpoint', () => {
  const flip = (value: unknown): unknown => (value as Uint8Array).map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte));
  const faults = [
    ['a bit of its tensors', 'tensors', flip, 'its tensors do not fit their checksum'],
    ['the end of its tensors', 'tensors', (value: unknown) => (value as Uint8Array).slice(0, -4), /has?ve \d+ bytes instead of \d+/],
    ['its tensors', 'tensors', () => 'something else', 'its tensors are missing'],
    [
      'a digit of its manifest',
      'manifests',
      (value: unknown) => (value as string).replace('"position": 400', '"position": 401'),
      'do not fit its own checksum',
    ],
    ['its manifest', 'manifests', () => ({ step: 200 }), 'its manifest is no text'],
  ] as const;

  it.each(faults)('is an error by name, and passed over else: %s', async (_, table, change, why) => {
    await store().save(checkpoint(100));
    await store().save(checkpoint(200));
    await tamper(table, 'step-00000200', change);
    const refusal = expect.objectContaining({ code: 'HOOKLINE_CHECKPOINT_DAMAGED', message: expect.stringMatching(why) });
    await expect(store().load('step-00000200')).rejects.toThrow(refusal);
    expect((await store().load())?.step).toBe(100);
    expect(warnings).toEqual([expect.stringMatching(why)]);
  });

  it('does not make a later one older', async () => {
    await store().save(checkpoint(100));
    await tamper('manifests', 'step-00000100', () => 'not JSON');
    await store().save(checkpoint(50));
    expect((await store().load())?.step).toBe(50);
  });
});

describe('a database that is not ours', () => {
  const refusal = (why: string) => expect.objectContaining({ code: 'HOOKLINE_STORE', message: expect.stringContaining(why) });

  it('is left alone', async () => {
    (await openDB(`hookline:${name}`, 1, { upgrade: (database) => void database.createObjectStore('recipes') })).close();
    await expect(store().load()).rejects.toThrow(refusal("'hookline:first' holds something else than checkpoints"));
    await expect(store().save(checkpoint(1))).rejects.toThrow(refusal('something else'));
  });

  it('is told when it is of a later version', async () => {
    (await openDB(`hookline:${name}`, 7)).close();
    await expect(store().load()).rejects.toThrow(refusal('cannot be opened (VersionError)'));
  });
});

describe('a write that fails', () => {
  const failing = (error: Error) =>
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw error;
    });
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['HOOKLINE_DISK_FULL', new DOMException('full', 'QuotaExceededError'), 'the browser grants no more space'],
    ['HOOKLINE_WRITE', new DOMException('lost', 'UnknownError'), 'cannot be written (UnknownError)'],
  ])('is %s, and leaves the earlier ones', async (code, error, why) => {
    await store({ keep: 1 }).save(checkpoint(100));
    const spy = failing(error);
    await expect(store({ keep: 1 }).save(checkpoint(200))).rejects.toThrow(expect.objectContaining({ code, message: expect.stringContaining(why) }));
    spy.mockRestore();
    expect(await store().names()).toEqual(['step-00000100']);
  });
});

describe('a run in a browser', () => {
  it('that is stopped goes on from its checkpoint, and ends as one that was not, bit for bit', async () => {
    const train = async (run: string, stopAfter?: number) => {
      const controller = new AbortController();
      const options = { steps: 8, learningRate: 0.01, seed: 3, resume: true, signal: controller.signal };
      const trainer = createTrainer({ learner: residualMlp(), store: openRun(run), ...options });
      trainer.on('step', ({ index }) => index + 1 === stopAfter && controller.abort());
      return trainer.run();
    };
    expect(await train(name, 3)).toMatchObject({ steps: 3, stopped: 'aborted' });
    expect((await train(name)).steps).toBe(8);
    await train('uninterrupted');
    const whole = indexedDbStore({ name: 'uninterrupted' });
    expect(await store().load()).toEqual(await whole.load());
    await whole.delete();
  });

  it('is told where there is no IndexedDB, or no safe page', () => {
    vi.stubGlobal('indexedDB', undefined);
    expect(() => openRun(name)).toThrow(expect.objectContaining({ code: 'HOOKLINE_NO_FILES', message: expect.stringContaining('there is no IndexedDB here') }));
    vi.unstubAllGlobals();
    vi.stubGlobal('crypto', {});
    expect(() => openRun(name)).toThrow(/no crypto.subtle here; serve the page over https/);
    vi.unstubAllGlobals();
  });
});

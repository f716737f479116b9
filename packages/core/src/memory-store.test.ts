import { expect, test } from 'vitest';
import { memoryStore } from './memory-store.js';
import type { Checkpoint } from './trainer-types.js';

const checkpoint = (step: number, state: unknown = { n: step }): Checkpoint => ({
  step,
  position: step,
  tensors: { w: { shape: [1], data: Float64Array.of(step) } },
  plugins: { p: { version: 1, state } },
  config: {},
  metrics: {},
});

test('the latest, or the one of a name; a copy each time', async () => {
  const store = memoryStore();
  expect(await store.load()).toBeUndefined();
  const first = checkpoint(2);
  await store.save(first);
  await store.save(checkpoint(10));
  first.tensors['w']!.data[0] = 99;
  expect(await store.load()).toEqual(checkpoint(10));
  expect(await store.load('step-00000002')).toEqual(checkpoint(2));
  expect((await store.load())!.tensors['w']).not.toBe((await store.load())!.tensors['w']);
  await expect(store.load('step-00000003')).rejects.toThrow("there is no checkpoint 'step-00000003' in memory; there are: step-00000002, step-00000010");
});

test('it keeps of a state what a file would keep', async () => {
  const store = memoryStore();
  await store.save(checkpoint(1, { a: Number.NaN, b: undefined, c: -0 }));
  const { state } = (await store.load())!.plugins['p']!;
  expect(Object.keys(state as object)).toEqual(['a', 'c']);
  expect(state).toEqual({ a: Number.NaN, c: -0 });
  await expect(store.save(checkpoint(1, new Map()))).rejects.toMatchObject({ code: 'HOOKLINE_STATE' });
});

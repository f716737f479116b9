import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { benchHooks } from './hooks.js';
import { benchLines } from './table.js';

it('compares the trainer with plugins and bare calls that compute the same', async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('hookline-bench-'));
  const before = left();
  const result = await benchHooks({ engine: 'wasm', shape, rounds: 2, warmup: 1 });
  expect(result.timings.map(({ name, times }) => [name, times.length])).toEqual([
    ['trainer with plugins', 2],
    ["the learner's bare calls", 2],
  ]);
  expect(result.plugins).toEqual(expect.arrayContaining(['progressive-layer-dropping', 'linear-warmup', 'clip-gradients', 'metrics-file', 'console-progress']));
  expect(result.lossDifference).toBeLessThan(1e-6);
  expect(result.events).toBe(7);
  expect(result.costs.map(({ plugins }) => plugins)).toEqual([0, 1, 2, 4, 8]);
  expect(result.share.median).toBeCloseTo(result.still.median / 1000 / (result.timings[0]?.median ?? 0), 12);
  expect(benchLines(result).join('\n')).toMatch(/learner that computes nothing: \d+ .* us a step, [\d.]+ %/);
  expect(left()).toEqual(before);
});

it('refuses an engine that is missing', async () => {
  await expect(benchHooks({ engine: 'native', shape })).rejects.toMatchObject({ code: 'HOOKLINE_ENGINE_MISSING' });
});

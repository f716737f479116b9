import { expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { benchRecompute } from './recompute.js';
import { benchLines } from './table.js';

it('benchRecompute times both ways, dense and dropping, and finds the same losses', async () => {
  const result = await benchRecompute({ engine: 'wasm', shape, rounds: 2, warmup: 1 });
  expect(result.timings.map(({ name, times }) => [name, times.length])).toEqual([
    ['dense', 2],
    ['dense, recomputing', 2],
    ['PLD', 2],
    ['PLD, recomputing', 2],
  ]);
  for (const { difference } of result.ratios) expect(difference).toBeLessThan(1e-6);
  for (const { stepped, peak } of result.memory) expect(peak).toBeGreaterThanOrEqual(stepped);
  expect(benchLines(result).join('\n')).toMatch(
    /PLD: a step takes .* times as long; losses differ by at most .*\n.*\n.*\nMemory above a loaded and stepped model/,
  );
});

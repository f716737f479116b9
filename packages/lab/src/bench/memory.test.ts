import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { benchMemory } from './memory.js';
import { peakMemory } from './peak-memory.js';
import { benchLines } from './table.js';

it('peakMemory never falls, and grows by what is held', () => {
  const before = peakMemory();
  expect(before).toBeGreaterThan(1e7);
  const held = Buffer.alloc(300e6, 1);
  const during = peakMemory();
  expect(during).toBeGreaterThanOrEqual(process.memoryUsage().rss * 0.9);
  expect(during).toBeGreaterThan(held.length);
  expect(during).toBeGreaterThanOrEqual(before);
});

describe('benchMemory', () => {
  const common = { engine: 'wasm', shape, rounds: 1, steps: 2 } as const;

  it('measures each contender in fresh processes, and says so', async () => {
    const result = await benchMemory(common);
    expect(result.figures.map(({ name, peaks }) => [name, peaks.length])).toEqual([
      ['dense', 1],
      ['PLD, bernoulli', 1],
      ['PLD, systematic', 1],
    ]);
    for (const { median, loaded } of result.figures) expect(median).toBeGreaterThan(loaded);
    expect(result.ratios.map(({ name }) => name)).toEqual(['PLD, bernoulli', 'PLD, systematic']);
    expect(result.machine.engine).toMatch(/^wasm/);
    const text = benchLines(result).join('\n');
    expect(text).toMatch(/peak, MB .*before the model .*over dense/);
    expect(text).toContain('after 2 steps, each in a fresh process');
  });

  it.each([
    ['a limit that nothing fits under', { limit: 20e6 }, 'HOOKLINE_BENCH_LIMIT', /not even a batch of 1 fits under 20 MB/],
    ['a limit beyond the machine', { limit: 2 * totalmem() }, 'HOOKLINE_OPTIONS', /more than this machine has/],
    ['an engine that is missing', { engine: 'native' }, 'HOOKLINE_ENGINE_MISSING', /hookline engines install native/],
    ['a Python that is missing', { torch: '/nowhere/python' }, 'HOOKLINE_TORCH', /did not start: .*ENOENT/],
    ['a model that cannot be', { shape: { ...shape, numAttentionHeads: 3 } }, 'HOOKLINE_BERT_CONFIG', /heads|Heads/],
  ] as const)('refuses %s', async (_, wrong, code, message) => {
    await expect(benchMemory({ ...common, ...wrong })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

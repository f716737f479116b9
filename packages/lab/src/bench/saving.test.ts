import { describe, expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { benchSaving } from './saving.js';
import { benchStep } from './step.js';

describe('the benchmarks, on a model of no size', () => {
  it('time every number of open blocks, and a model without', async () => {
    const rounds: string[] = [];
    const result = await benchSaving({ engine: 'wasm', shape, rounds: 2, warmup: 1, onRound: (done, of) => rounds.push(`${done}/${of}`) });
    expect(result.timings.map(({ name, times }) => [name, times.length])).toEqual([
      ['0 of 2 blocks', 2],
      ['1 of 2 blocks', 2],
      ['2 of 2 blocks', 2],
      ['built without blocks', 2],
      ['built with 1', 2],
    ]);
    expect(result.realised).toBeCloseTo((result.millisecondsPerBlock * 2) / result.most, 12);
    expect(rounds).toEqual(['1/3', '2/3', '3/3']);
  });

  it('time ours against stock with both heads', async () => {
    const result = await benchStep({ engine: 'wasm', shape, rounds: 1, warmup: 0 });
    expect(result.timings.map(({ name }) => name)).toEqual([
      'hookline',
      'stock, masked positions',
      'stock, whole vocabulary',
      'hookline, matrix products alone',
    ]);
    expect(result.ratios.map(({ name }) => name)).toEqual(['stock, masked positions', 'stock, whole vocabulary']);
    expect(result.ratios[0]?.median).toBe((result.timings[1]?.times[0] ?? 0) / (result.timings[0]?.times[0] ?? 1));
    expect(result.machine).toMatchObject({ node: process.versions.node, tfjs: '4.22.0', engine: expect.stringContaining('wasm') });
  });
});

import { describe, expect, it } from 'vitest';
import { clocks, interleaved } from './interleave.js';

describe('interleaved', () => {
  it('runs contenders in turns, begins each round with another, and times what follows the warm-up', async () => {
    let now = 0;
    const ran: string[] = [];
    const contender = (name: string, costs: readonly number[]) => {
      let call = 0;
      return {
        name,
        run: async () => {
          ran.push(name);
          now += costs[call++] as number;
        },
      };
    };
    const rounds: number[] = [];
    const timings = await interleaved([contender('a', [100, 1, 3, 2]), contender('b', [500, 10, 30, 50])], {
      rounds: 3,
      warmup: 1,
      clock: () => now,
      onRound: (done) => rounds.push(done),
    });
    expect(ran.join('')).toBe('abbaabba');
    expect(timings).toEqual([
      { name: 'a', times: [1, 3, 2], median: 2, quartiles: [1.5, 2.5] },
      { name: 'b', times: [10, 30, 50], median: 30, quartiles: [20, 40] },
    ]);
    expect(rounds).toEqual([1, 2, 3, 4]);
  });
});

describe('clocks', () => {
  it.each(['wall', 'cpu'] as const)('go on: %s', (name) => {
    const start = clocks[name]();
    for (let i = 0, x = 1; i < 1e7; i++) x = Math.sqrt(x + i);
    const spent = clocks[name]() - start;
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThan(60_000);
  });
});

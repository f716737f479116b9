import { describe, expect, it } from 'vitest';
import { distinctNames } from './compare.js';
import { atEqual, lossAt } from './equal.js';

const fast = [1, 2, 4].map((step) => ({ step, seconds: step, tokens: 10 * step, loss: 6 - step / 2 }));
const slow = [1, 3].map((step) => ({ step, seconds: 4 * step, tokens: 10 * step, loss: 6 - step }));

describe('comparing at equal steps, tokens and time', () => {
  it('interpolates between evaluations, and guesses nothing outside of them', () => {
    expect(lossAt(fast, 'step', 2)).toBe(5);
    expect(lossAt(fast, 'step', 3)).toBe(4.5);
    expect(lossAt(fast, 'step', 0.5)).toBeUndefined();
    expect(lossAt(fast, 'step', 5)).toBeUndefined();
    expect(lossAt([], 'step', 1)).toBeUndefined();
  });

  it('compares where the shortest run ends', () => {
    expect(atEqual([fast, slow], 'step')).toEqual({ at: 3, losses: [4.5, 3] });
    expect(atEqual([fast, slow], 'tokens')).toEqual({ at: 30, losses: [4.5, 3] });
    expect(atEqual([fast, slow], 'seconds')).toEqual({ at: 4, losses: [4, 5] });
  });

  it('names runs by the shortest ends of their paths that tell them apart', () => {
    expect(distinctNames(['/a/x', '/a/y'])).toEqual(['x', 'y']);
    expect(distinctNames(['/a/x/seed-0', '/a/y/seed-0'])).toEqual(['x/seed-0', 'y/seed-0']);
  });
});

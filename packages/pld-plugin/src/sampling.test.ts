import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activeMoments, bernoulli, byBlock, eachGate, sample, systematic, systematicPatterns } from './sampling.js';

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const lists = fc.array(unit, { minLength: 1, maxLength: 30 });

describe('bernoulli', () => {
  it('opens gate k when draw k is below its probability', () => {
    const draws = [0.49, 0.5, 0, 0.999];
    expect(bernoulli([0.5, 0.5, 0, 1], (k) => draws[k]!)).toEqual([true, false, false, true]);
    expect(sample('bernoulli', [0.5, 0.5, 0, 1], (k) => draws[k]!)).toEqual([true, false, false, true]);
  });
});

describe('systematic', () => {
  it('opens a gate where the running sum passes a whole number', () => {
    // Sums 0.875, 1.625, 2.25, 2.75.
    const keep = [0.875, 0.75, 0.625, 0.5];
    expect(systematic(keep, 0)).toEqual([false, true, true, false]);
    expect(systematic(keep, 0.2)).toEqual([true, false, true, false]);
    expect(systematic(keep, 0.3)).toEqual([true, false, true, true]);
    expect(systematic(keep, 0.5)).toEqual([true, true, false, true]);
    expect(systematic(keep, 0.9)).toEqual([true, true, true, false]);
    const asked: number[] = [];
    expect(
      sample('systematic', keep, (k) => {
        asked.push(k);
        return 0.5;
      }),
    ).toEqual([true, true, false, true]);
    expect(asked).toEqual([0]);
  });

  it('opens the floor or the ceiling of the mean, always what has probability 1 and never what has 0', () => {
    fc.assert(
      fc.property(lists, below1, (keep, u) => {
        const open = systematic(keep, u);
        const count = open.filter(Boolean).length;
        const mean = keep.reduce((sum, p) => sum + p, 0);
        expect(count).toBeGreaterThanOrEqual(Math.floor(mean - 1e-9));
        expect(count).toBeLessThanOrEqual(Math.ceil(mean + 1e-9));
        keep.forEach((p, i) => {
          if (p === 1) expect(open[i]).toBe(true);
          if (p === 0) expect(open[i]).toBe(false);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a gate of probability 1 open when the sum rounds', () => {
    // 0.57 + 0.43 is 1, and 1.57 + 0.43 is less than 2.
    expect(systematic([0.57, 1], 0.43)).toEqual([true, true]);
    fc.assert(
      fc.property(lists, below1, (keep, u) => {
        expect(systematic([...keep, 1, 1], u).slice(-2)).toEqual([true, true]);
      }),
    );
  });

  it('opens each gate with exactly its probability, over all of its patterns', () => {
    fc.assert(
      fc.property(lists, (keep) => {
        const patterns = systematicPatterns(keep);
        expect(patterns.length).toBeLessThanOrEqual(keep.length + 1);
        expect(patterns.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
        keep.forEach((p, i) => {
          expect(patterns.reduce((sum, { weight, open }) => sum + (open[i] ? weight : 0), 0)).toBeCloseTo(p, 12);
        });
      }),
      { numRuns: 300 },
    );
  });
});

it('the moments of independent gates', () => {
  expect(activeMoments([0.5, 0.5, 1, 0])).toEqual({ mean: 2, standardDeviation: Math.sqrt(0.5) });
});

it('gates are grouped by block and back', () => {
  expect(byBlock(['a', 'b', 'c', 'd'], [2, 1, 1])).toEqual([['a', 'b'], ['c'], ['d']]);
  expect(eachGate([0.1, 0.2], [2, 1])).toEqual([0.1, 0.1, 0.2]);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkSums, pairedDifference, pairedRatio } from './statistics.js';

describe('pairedDifference', () => {
  it('is the mean of the differences and its standard error', () => {
    // differences 1, 2, 3: mean 2, sample deviation 1, error 1/√3
    const { mean, standardError } = pairedDifference([2, 4, 6], [1, 2, 3]);
    expect(mean).toBeCloseTo(2, 12);
    expect(standardError).toBeCloseTo(1 / Math.sqrt(3), 12);
  });

  it('sees through noise that both share', () => {
    const shared = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(shared, (losses) => {
        const { mean, standardError } = pairedDifference(
          losses.map((loss) => loss + 0.25),
          losses,
        );
        expect(mean).toBeCloseTo(0.25, 9);
        expect(standardError).toBeLessThan(1e-9);
      }),
    );
  });

  it('has no error to tell from one pair', () => {
    expect(pairedDifference([1], [2])).toEqual({ mean: -1, standardError: Number.NaN });
  });
});

describe('pairedRatio', () => {
  it('is the ratio of the totals', () => {
    const { mean, standardError } = pairedRatio([7, 7.5, 6.5], [10, 10, 10]);
    expect(mean).toBeCloseTo(0.7, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(0.5 / 2 / 3) / 10, 12);
  });

  it('has no error where one is always the same share of the other', () => {
    expect(pairedRatio([3, 6, 30], [4, 8, 40])).toEqual({ mean: 0.75, standardError: 0 });
  });
});

describe('chunkSums', () => {
  it('leaves out a last chunk that is not full', () => {
    expect(chunkSums([1, 2, 3, 4, 5], 2)).toEqual([3, 7]);
    expect(chunkSums([1, 2], 10)).toEqual([3]);
    expect(chunkSums([], 10)).toEqual([]);
  });
});

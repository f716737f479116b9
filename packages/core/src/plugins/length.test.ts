import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDue, lengthInSteps, lengthSchema, periodInSteps, positiveLengthSchema } from './length.js';

describe('lengthSchema', () => {
  it.each([0, 0.1, 0.999, 1, 2, 1e6])('accepts %d', (length) => {
    expect(lengthSchema.parse(length)).toBe(length);
  });

  it.each([-1, -0.1, 1.5, 100.25, Number.NaN, Number.POSITIVE_INFINITY, '3'])('refuses %s', (length) => {
    expect(lengthSchema.safeParse(length).success).toBe(false);
  });

  it('may exclude 0', () => {
    expect(positiveLengthSchema.safeParse(0).success).toBe(false);
    expect(positiveLengthSchema.safeParse(1e-9).success).toBe(true);
  });
});

describe('lengthInSteps', () => {
  it.each([
    [10, 1000, 10],
    [0.1, 1000, 100],
    [0.1, 4, 0],
    [0.5, 5, 3],
    [0, 100, 0],
    [1, 100, 1],
    [0.999, 10, 10],
    [50, 20, 50],
  ])('%d of %d steps is %d', (length, total, steps) => {
    expect(lengthInSteps(length, total)).toBe(steps);
  });

  it('is a whole number within the run for a fraction', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 1e6 }), (fraction, total) => {
        const steps = lengthInSteps(fraction, total);
        expect(Number.isInteger(steps) && steps >= 0 && steps <= total).toBe(true);
        expect(periodInSteps(fraction, total)).toBe(Math.max(1, steps));
      }),
    );
  });
});

describe('isDue', () => {
  it('holds after every so many steps', () => {
    expect([1, 2, 3, 4, 5, 6].filter((completed) => isDue(completed, 3))).toEqual([3, 6]);
  });
});

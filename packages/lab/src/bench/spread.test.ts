import { describe, expect, it } from 'vitest';
import { quantile, ratioOf } from './spread.js';

describe('quantile', () => {
  it.each([
    { values: [3, 1, 2], q: 0.5, expected: 2 },
    { values: [4, 1, 2, 3], q: 0.5, expected: 2.5 },
    { values: [0, 10], q: 0.25, expected: 2.5 },
    { values: [7], q: 0.75, expected: 7 },
  ])('is $expected at $q of $values', ({ values, q, expected }) => {
    expect(quantile(values, q)).toBe(expected);
  });
});

it('ratioOf compares within each round', () => {
  expect(ratioOf([2, 9, 4], [1, 3, 4])).toEqual({ median: 2, quartiles: [1.5, 2.5] });
});

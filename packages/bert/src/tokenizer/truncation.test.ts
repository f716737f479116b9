import fc from 'fast-check';
import { expect, it } from 'vitest';
import { truncatedLengths } from './truncation.js';

const length = fc.integer({ min: 0, max: 40 });

it("cuts as Google's loop: one token at a time from the longer text, from the second where both are equally long", () => {
  fc.assert(
    fc.property(length, length, length, (a, b, room) => {
      let [first, second] = [a, b];
      while (first + second > room) first > second ? first-- : second--;
      expect(truncatedLengths(a, b, room, 'google')).toEqual([first, second]);
    }),
  );
});

it.each([
  [10, 10, 5, 2, 3],
  [10, 10, 4, 2, 2],
  [10, 1, 5, 4, 1],
  [1, 10, 5, 1, 4],
  [3, 10, 5, 2, 3],
  [10, 3, 5, 3, 2],
  [2, 2, 4, 2, 2],
  [10, 10, 0, 0, 0],
])('gives the longer text, or else the second, the odd token in the fast form: %i and %i in %i', (a, b, room, first, second) => {
  expect(truncatedLengths(a, b, room, 'fast')).toEqual([first, second]);
});

it('fills the room and never takes from the shorter text what the longer one could give', () => {
  fc.assert(
    fc.property(length, length, length, fc.constantFrom('fast' as const, 'google' as const), (a, b, room, truncation) => {
      const [first, second] = truncatedLengths(a, b, room, truncation);
      expect(first + second).toBe(Math.min(room, a + b));
      expect(first <= a && second <= b).toBe(true);
      if (first < a && second < b) expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
      if (first === a && second < b) expect(second).toBeGreaterThanOrEqual(first - 1);
      if (second === b && first < a) expect(first).toBeGreaterThanOrEqual(second - 1);
    }),
  );
});

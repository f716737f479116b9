import fc from 'fast-check';
import { expect, it } from 'vitest';
import { paddedLength } from './lengths.js';

it('takes powers of two and the numbers between', () => {
  expect([1, 8, 9, 13, 17, 25, 33, 49, 65, 97, 128].map((longest) => paddedLength(longest, 512))).toEqual([8, 8, 12, 16, 24, 32, 48, 64, 96, 128, 128]);
  expect(paddedLength(100, 100)).toBe(100);
  expect(paddedLength(6, 6)).toBe(6);
});

it('holds the row, within the most, and wastes at most a third above 8', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 0, max: 512 }), (longest, more) => {
      const length = paddedLength(longest, longest + more);
      expect(length).toBeGreaterThanOrEqual(longest);
      expect(length).toBeLessThanOrEqual(longest + more);
      if (longest > 8) expect(length).toBeLessThan(1.5 * longest);
    }),
  );
});

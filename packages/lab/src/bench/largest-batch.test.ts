import fc from 'fast-check';
import { expect, it } from 'vitest';
import { largestThatFits } from './largest-batch.js';

it('is what the definition says, of anything that grows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 0, max: 2000 }),
      fc.option(fc.nat()),
      async (increments, limit, start) => {
        const grown = increments.map((_, i) => increments.slice(0, i + 1).reduce((sum, one) => sum + one, 0));
        const asked: number[] = [];
        const measure = async (n: number) => {
          asked.push(n);
          return grown[n - 1] as number;
        };
        const first = start === null ? undefined : (start % grown.length) + 1;
        const known = first === undefined ? undefined : { n: first, value: grown[first - 1] as number };
        const { n, value } = await largestThatFits(measure, limit, grown.length, known);
        expect(asked).not.toContain(first);
        expect(n).toBe(grown.filter((one) => one <= limit).length);
        if (n > 0) expect(value).toBe(grown[n - 1]);
        expect(new Set(asked).size).toBe(asked.length);
      },
    ),
  );
});

it('takes few measurements where memory grows evenly', async () => {
  let calls = 0;
  const measure = async (n: number) => {
    calls += 1;
    return 300 + 17.3 * n;
  };
  expect(await largestThatFits(measure, 2000, 1000)).toEqual({ n: 98, value: expect.closeTo(1995.4, 6) });
  expect(calls).toBeLessThanOrEqual(10);
});

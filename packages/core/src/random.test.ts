import fc from 'fast-check';
import { expect, test } from 'vitest';
import { permutation, uniform } from './random.js';

const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

test('a draw depends on its arguments alone, whatever was drawn before', () => {
  const key = fc.tuple(seed, fc.string(), fc.nat(), fc.nat());
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 20 }), (keys) => {
      const forward = keys.map((k) => uniform(...k));
      const backward = [...keys].reverse().map((k) => uniform(...k));
      expect(backward.reverse()).toEqual(forward);
      for (const u of forward) expect(u >= 0 && u < 1).toBe(true);
    }),
  );
});

test('draws that are written into checkpoints of users never change', () => {
  expect([uniform(0, '', 0, 0), uniform(1, 'pld', 2, 3), uniform(2 ** 40 + 7, 'mask', 1e10, 5)]).toEqual([
    0.30043012768226807, 0.041600675270452525, 0.38545083712728245,
  ]);
  expect([...permutation(1, 'order', 2, 8)]).toEqual([7, 6, 1, 4, 0, 3, 2, 5]);
});

test('every argument makes another stream', () => {
  const base = [1, 'pld', 2, 3] as const;
  const others = [
    uniform(2, 'pld', 2, 3),
    uniform(1 + 2 ** 32, 'pld', 2, 3),
    uniform(1, 'plc', 2, 3),
    uniform(1, 'pld', 3, 3),
    uniform(1, 'pld', 2 + 2 ** 32, 3),
    uniform(1, 'pld', 2, 4),
  ];
  expect(new Set([uniform(...base), ...others]).size).toBe(7);
});

/** Sample moments of 100,000 draws; the bounds are five standard errors. */
test.each([
  ['over steps', (i: number) => uniform(1, 'pld', i, 3)],
  ['over indices', (i: number) => uniform(1, 'pld', 3, i)],
  ['over seeds', (i: number) => uniform(i, 'pld', 3, 3)],
])('draws %s are uniform and uncorrelated', (_, draw) => {
  const n = 100_000;
  const u = Array.from({ length: n }, (_, i) => draw(i));
  const mean = u.reduce((a, x) => a + x, 0) / n;
  const square = u.reduce((a, x) => a + x * x, 0) / n;
  const lag = u.reduce((a, x, i) => a + (x - 0.5) * (u[(i + 1) % n]! - 0.5), 0) / n;
  const bins = new Float64Array(256);
  for (const x of u) bins[Math.floor(x * 256)]! += 1;
  const chi = bins.reduce((a, c) => a + (c - n / 256) ** 2 / (n / 256), 0);
  expect(Math.abs(mean - 1 / 2)).toBeLessThan((5 * Math.sqrt(1 / 12)) / Math.sqrt(n));
  expect(Math.abs(square - 1 / 3)).toBeLessThan((5 * Math.sqrt(4 / 45)) / Math.sqrt(n));
  expect(Math.abs(lag)).toBeLessThan(5 / 12 / Math.sqrt(n));
  expect(Math.abs(chi - 255)).toBeLessThan(5 * Math.sqrt(2 * 255));
});

test('a permutation holds each number once, and has an order of its own in each epoch', () => {
  fc.assert(
    fc.property(seed, fc.nat(1000), fc.integer({ min: 0, max: 300 }), (s, epoch, n) => {
      const order = permutation(s, 'order', epoch, n);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(permutation(s, 'order', epoch, n)).toEqual(order);
    }),
  );
  expect(permutation(1, 'order', 0, 50)).not.toEqual(permutation(1, 'order', 1, 50));
});

test('each place of a permutation is equally likely for each number', () => {
  const n = 6;
  const counts = Array.from({ length: n }, () => new Float64Array(n));
  for (let epoch = 0; epoch < 6000; epoch++)
    permutation(3, 'order', epoch, n).forEach((x, place) => {
      counts[place]![x]! += 1;
    });
  for (const row of counts) for (const count of row) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(6000 * (1 / 6) * (5 / 6)));
});

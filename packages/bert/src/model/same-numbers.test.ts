import { expect, it } from 'vitest';
import { hasFiniteNumbers, sameNumbers } from './same-numbers.js';

const tensor = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });

it('tensors are the same by shape and numbers, NaN among them', () => {
  expect(sameNumbers(tensor(1, Number.NaN), tensor(1, Number.NaN))).toBe(true);
  expect(sameNumbers(tensor(1, 2), tensor(1, Number.NaN))).toBe(false);
  expect(sameNumbers(tensor(1, 2), tensor(1, 3))).toBe(false);
  expect(sameNumbers(tensor(1, 2), { ...tensor(1, 2), shape: [1, 2] })).toBe(false);
});

it('one number that is none is found, wherever it stands', () => {
  expect(hasFiniteNumbers(tensor(0, -1, 3e38))).toBe(true);
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) expect(hasFiniteNumbers(tensor(0, 1, wrong))).toBe(false);
});

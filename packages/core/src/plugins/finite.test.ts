import { expect, it } from 'vitest';
import { finite } from './finite.js';

it('leaves out NaN and infinities', () => {
  const entries = Object.entries({ a: 0, b: Number.NaN, c: Number.NEGATIVE_INFINITY, d: -2 });
  expect(finite(entries)).toEqual({ a: 0, d: -2 });
});

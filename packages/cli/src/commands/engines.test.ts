import { expect, it } from 'vitest';
import { arrival } from './engines.js';

it.each([
  [0, 200e6, true, undefined],
  [3e6, 200e6, true, '1 % of 200 MB'],
  [3e6, 200e6, false, undefined],
  [120e6, 200e6, false, '50 % of 200 MB'],
  [200e6, 200e6, false, '100 % of 200 MB'],
  [0.5e6, 0, true, undefined],
  [7.9e6, 0, true, '7 MB'],
  [300e6, 0, false, '256 MB'],
  [1000e6, 0, false, '768 MB'],
] as const)('%d bytes of %d, watched: %s: %s', (bytes, of, interactive, expected) => {
  expect(arrival(bytes, of, interactive)).toBe(expected);
});

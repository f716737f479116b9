import { expect, it } from 'vitest';
import { hasFailed, majorityShare } from './outcome.js';

it.each([
  [{ accuracy: 0.53 }, 0.52, false],
  [{ accuracy: 0.52 }, 0.52, true],
  [{ accuracy: 0.7, f1: 0.8 }, 0.68, false],
  [{ matthews: 0.01 }, 0.69, false],
  [{ matthews: 0 }, 0.69, true],
  [{ pearson: 0.1, spearman: 0.05 }, 0, false],
  [{ pearson: 0.09, spearman: 0.2 }, 0, true],
  [{ pearson: null, spearman: null }, 0, true],
  [{ pearson: Number.NaN }, 0, true],
] as const)('%o with a majority of %d: failed %s', (metrics, majority, failed) => {
  expect(hasFailed(metrics, majority)).toBe(failed);
});

it('counts the commonest label', () => {
  expect(majorityShare([0, 1, 1, 2])).toBe(0.5);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oracle } from '../test/oracle.js';
import { depthShares, keepProbabilities, profileSchema, residualScales } from './profile.js';
import { activeMoments } from './sampling.js';

const close = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of actual.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-12);
};

describe('the three conventions', () => {
  it('have the keep probabilities, scales, gains and expected depth computed elsewhere', () => {
    expect(oracle.keepProbabilities.length).toBe(84);
    for (const { L, theta, convention, keep, scale, expectedActive, stdActive, expectedBranchGain } of oracle.keepProbabilities) {
      const own = keepProbabilities(L, theta, { convention });
      const scales = residualScales(L, theta, { convention });
      close(own, keep);
      close(scales, scale);
      close(
        own.map((p, i) => p * scales[i]!),
        expectedBranchGain,
      );
      const { mean, standardDeviation } = activeMoments(own);
      close([mean, standardDeviation], [expectedActive, stdActive]);
    }
  });

  it('are the formulas, read off literally', () => {
    close(keepProbabilities(4, 0.5), [0.875, 0.75, 0.625, 0.5]);
    close(keepProbabilities(4, 0.5, { convention: 'algorithm1' }), [1, 0.875, 0.75, 0.625]);
    close(keepProbabilities(4, 0.5, { convention: 'deepspeed' }), [1, 0.875, 0.75, 0.625]);
    close(residualScales(4, 0.5), [1 / 0.875, 1 / 0.75, 1.6, 2]);
    close(residualScales(4, 0.5, { convention: 'algorithm1' }), [1, 1 / 0.875, 1 / 0.75, 1.6]);
    close(residualScales(4, 0.5, { convention: 'deepspeed' }), [1 / 0.875, 1 / 0.75, 1.6, 2]);
  });

  it('give the expected depth known at theta 0.5, L = 12', () => {
    const paper = activeMoments(keepProbabilities(12, 0.5));
    expect([paper.mean, paper.standardDeviation.toFixed(2)]).toEqual([8.75, '1.46']);
    const algorithm1 = activeMoments(keepProbabilities(12, 0.5, { convention: 'algorithm1' }));
    expect([algorithm1.mean, algorithm1.standardDeviation.toFixed(2)]).toEqual([9.25, '1.37']);
  });
});

describe('the depth profile', () => {
  it('is uniform, a list or a function of the relative depth', () => {
    close(keepProbabilities(3, 0.8, { profile: 'uniform' }), [0.8, 0.8, 0.8]);
    close(keepProbabilities(3, 0.8, { profile: 'uniform', convention: 'algorithm1' }), [0.8, 0.8, 0.8]);
    close(keepProbabilities(3, 0.5, { profile: [0, 1, 0.5], convention: 'deepspeed' }), [1, 0.5, 0.75]);
    close(keepProbabilities(4, 0, { profile: (x) => x * x }), [1 - 1 / 16, 1 - 1 / 4, 1 - 9 / 16, 0]);
    close(keepProbabilities(4, 0, { profile: (x) => x * x, convention: 'algorithm1' }), [1, 1 - 1 / 16, 1 - 1 / 4, 1 - 9 / 16]);
  });

  it('never divides by a keep probability of 0', () => {
    expect(residualScales(2, 0)).toEqual([2, 1]);
  });

  it('refuses a list of another length and shares that are no probability', () => {
    expect(() => depthShares(4, { profile: [1, 1] })).toThrow('the depth profile lists 2 shares for 4 blocks');
    expect(() => depthShares(4, { profile: () => 1.25 })).toThrow('the depth profile is 1.25 at relative depth 0.25');
    expect(() => depthShares(4, { profile: () => -0.25 })).toThrow('the depth profile is -0.25');
    expect(profileSchema.safeParse([0.5, 1.5]).success).toBe(false);
    expect(profileSchema.safeParse('quadratic').success).toBe(false);
    expect(profileSchema.safeParse([]).success).toBe(false);
  });
});

it('keep probabilities are probabilities, fall with the depth and rise with theta', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const convention = fc.constantFrom('paper' as const, 'algorithm1' as const, 'deepspeed' as const);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), unit, unit, convention, (blocks, a, b, convention) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      const less = keepProbabilities(blocks, low, { convention });
      const more = keepProbabilities(blocks, high, { convention });
      less.forEach((p, i) => {
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(more[i]).toBeGreaterThanOrEqual(p);
        if (i > 0) expect(p).toBeLessThanOrEqual(less[i - 1]!);
      });
    }),
  );
});

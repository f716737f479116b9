import type { Learner } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { partsOf, timedLearner } from './stopwatch.js';

describe('timedLearner', () => {
  it('measures data, forward and backward, and update, and passes everything on', async () => {
    let now = 0;
    const takes = <A>(seconds: number, answer: A): A => {
      now += seconds;
      return answer;
    };
    const plain = {
      blocks: [],
      evaluationSets: ['heldOut'],
      data: { batchesPerEpoch: 3, batch: async (position: number) => takes(1, position), counts: () => ({ mlm: 2 }) },
      gradients: (batch: number) => takes(10, { batch }),
      update: async () => takes(100, { losses: { mlm: 1 }, gradientNorm: 2 }),
    } as unknown as Learner<number, number>;
    const { learner, spent } = timedLearner<number, number, Learner<number, number>>(plain, () => now);
    expect(await learner.data.batch(7)).toBe(7);
    await learner.data.batch(8);
    expect(learner.gradients(7, undefined as never, {}, undefined)).toEqual({ batch: 7 });
    expect(await learner.update(undefined as never, undefined as never)).toEqual({ losses: { mlm: 1 }, gradientNorm: 2 });
    expect(spent).toEqual({ data: 2, forwardBackward: 10, update: 100 });
    expect([learner.evaluationSets, learner.data.batchesPerEpoch, learner.data.counts(1)]).toEqual([['heldOut'], 3, { mlm: 2 }]);
  });

  it('means of a step; what is left is other', () => {
    expect(partsOf({ data: 1, forwardBackward: 6, update: 2 }, 2, 10)).toEqual({ data: 0.5, forwardBackward: 3, update: 1, other: 0.5 });
    expect(partsOf({ data: 0, forwardBackward: 0, update: 0 }, 0, 0)).toEqual({ data: 0, forwardBackward: 0, update: 0, other: 0 });
  });
});

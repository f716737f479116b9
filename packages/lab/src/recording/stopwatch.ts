import type { Learner } from '@hookline/core';
import type { StepParts } from '../report/index.js';

/** Seconds spent in each part of a learner since it was wrapped. */
export interface PartSeconds {
  data: number;
  forwardBackward: number;
  update: number;
}

/**
 * A learner that does the same and measures what its parts take. Exact on engines that compute within the call (wasm, cpu); on an engine that
 * computes later, work moves to the part that waits for it.
 * @param seconds a clock; default `performance.now`
 */
export function timedLearner<B, T, L extends Learner<B, T>>(
  learner: L,
  seconds = (): number => performance.now() / 1000,
): { readonly learner: L; readonly spent: PartSeconds } {
  const spent: PartSeconds = { data: 0, forwardBackward: 0, update: 0 };
  const timed: Learner<B, T> = {
    ...learner,
    data: {
      batchesPerEpoch: learner.data.batchesPerEpoch,
      counts: (batch) => learner.data.counts(batch),
      batch: async (position) => {
        const from = seconds();
        const batch = await learner.data.batch(position);
        spent.data += seconds() - from;
        return batch;
      },
    },
    gradients: (...given) => {
      const from = seconds();
      const gradients = learner.gradients(...given);
      spent.forwardBackward += seconds() - from;
      return gradients;
    },
    update: async (gradients, plan) => {
      const from = seconds();
      const outcome = await learner.update(gradients, plan);
      spent.update += seconds() - from;
      return outcome;
    },
  };
  return { learner: timed as L, spent };
}

/** Mean seconds of a step by part; what the trainer and its plugins took besides is `other`. */
export function partsOf(spent: PartSeconds, steps: number, total: number): StepParts {
  const mean = (seconds: number): number => (steps === 0 ? 0 : seconds / steps);
  const known = spent.data + spent.forwardBackward + spent.update;
  return { data: mean(spent.data), forwardBackward: mean(spent.forwardBackward), update: mean(spent.update), other: mean(Math.max(0, total - known)) };
}

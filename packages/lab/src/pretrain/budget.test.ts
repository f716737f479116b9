import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsThatFit } from './budget.js';

const nothing = (): number => 0;

describe('steps that fit a budget', () => {
  it('fill it with steps and evaluations', () => {
    expect(stepsThatFit({ step: 0.1, evaluation: 0 }, { seconds: 60, every: 0.1, saved: nothing })).toBe(600);
    expect(stepsThatFit({ step: 0.1, evaluation: 1 }, { seconds: 60, every: 0.1, saved: nothing })).toBe(500); // ten evaluations
    expect(stepsThatFit({ step: 0.1, evaluation: 1 }, { seconds: 60, every: 100, saved: nothing })).toBe(540); // one each 100 steps, and one at the end
    expect(stepsThatFit({ step: 0.1, evaluation: 0 }, { seconds: 60, every: 0.1, saved: () => 0.25 })).toBe(800);
  });

  it('are one at least, with one evaluation', () => {
    expect(stepsThatFit({ step: 10, evaluation: 10 }, { seconds: 1, every: 0.1, saved: nothing })).toBe(1);
    expect(stepsThatFit({ step: 1, evaluation: 10 }, { seconds: 25, every: 0.1, saved: nothing })).toBe(2);
  });

  it('are as many as fit, and not one more', () => {
    const seconds = fc.double({ min: 0.001, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        seconds,
        seconds,
        fc.double({ min: 20, max: 2000, noNaN: true }),
        fc.constantFrom(0.05, 0.1, 0.5, 7, 100),
        (step, evaluation, budget, every) => {
          const takes = (steps: number): number => steps * step * 0.8 + Math.ceil(every < 1 ? Math.min(steps, 1 / every) : steps / every) * evaluation;
          const steps = stepsThatFit({ step, evaluation }, { seconds: budget, every, saved: () => 0.2 });
          expect(takes(steps)).toBeLessThanOrEqual(budget);
          expect(takes(steps + 1)).toBeGreaterThan(budget);
        },
      ),
    );
  });
});

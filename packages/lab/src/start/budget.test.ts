import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fewestSteps, runLengths } from './budget.js';

const timing = { dense: 0.1, control: 0.01, evaluation: 1 };
const options = { seconds: 300, most: 400, blockSaving: () => 0.3, evaluations: 5 };

describe('runLengths', () => {
  it('fits the runs into the time', () => {
    // blocks are 90 % of a dense step: 27 % of the time saved; a round is 0.1 (2 + 2 · 0.73) + 0.01 = 0.356 s; 280 s leave 786 rounds
    expect(runLengths(timing, { ...options, most: 10_000 })).toMatchObject({ steps: 780, equalTimeSteps: 569 });
    expect(runLengths(timing, { ...options, most: 10_000 }).expectedTimeSaving).toBeCloseTo(0.27, 12);
    expect(runLengths(timing, options).steps).toBe(400);
  });

  it('evaluates less often where evaluations would take more than a quarter of the time', () => {
    expect(runLengths(timing, options).evaluations).toBe(5);
    expect(runLengths(timing, { ...options, seconds: 50 }).evaluations).toBe(3);
    expect(runLengths(timing, { ...options, seconds: 1 }).evaluations).toBe(2);
  });

  it('trains the fewest steps where no time is left', () => {
    expect(runLengths(timing, { ...options, seconds: 0 }).steps).toBe(fewestSteps);
  });

  it('expects no saving where the control is no faster', () => {
    expect(runLengths({ ...timing, control: 0.2 }, options)).toMatchObject({ expectedTimeSaving: 0, steps: 400, equalTimeSteps: 400 });
  });

  it('stays within the time but for the fewest steps', () => {
    const positive = (max: number) => fc.double({ min: 1e-3, max, noNaN: true });
    fc.assert(
      fc.property(
        positive(2),
        positive(1),
        positive(4),
        positive(2000),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (dense, share, evaluation, seconds, saving) => {
          const first = { dense, control: dense * share, evaluation };
          const lengths = runLengths(first, { seconds, most: 1e6, blockSaving: () => saving, evaluations: 8 });
          if (lengths.steps > fewestSteps) expect(lengths.expectedSeconds).toBeLessThanOrEqual(seconds * (1 + 1e-9));
          expect(lengths.equalTimeSteps).toBeLessThanOrEqual(lengths.steps);
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oracle } from '../test/oracle.js';
import { equalBlocks, makeDropping, thetaAt } from './dropping.js';
import { expectedSaving } from './saving.js';
import { decay, type Schedule, type Shape, scheduleSchema, theta } from './schedule.js';

const values = (schedule: Schedule, steps: number, at: readonly number[], thetaBar = 0.5) => at.map((step) => theta(step, { thetaBar, steps, schedule }));
const close = (actual: readonly number[], expected: readonly number[], tolerance = 1e-12) => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `entry ${i}: ${value} for ${expected[i]}`).toBeLessThanOrEqual(tolerance);
  });
};

describe('the exponential schedule', () => {
  it('is that of DeepSpeed at every recorded step', () => {
    expect(oracle.traces.length).toBe(28);
    for (const trace of oracle.traces) {
      close(
        oracle.steps.map((step) => theta(step, { thetaBar: trace.thetaBar, gamma: trace.gamma, steps: trace.T ?? 1 })),
        trace.theta,
      );
      expect(theta(0, { thetaBar: trace.thetaBar, gamma: trace.gamma, steps: 1 })).toBeCloseTo(trace.initialTheta, 15);
    }
  });

  it('derives gamma from the length of the run', () => {
    const known = oracle.traces.filter((trace) => trace.T !== null);
    expect(known.length).toBe(20);
    for (const { thetaBar, T, theta: expected } of known) {
      close(
        oracle.steps.map((step) => theta(step, { thetaBar, steps: T! })),
        expected,
      );
    }
    for (const { thetaBar, T, meanThetaOverRun } of known) {
      const mean = 1 - expectedSaving({ thetaBar, profile: 'uniform' }, { depth: 1, steps: T! }); // of a block that is kept with probability theta
      close([mean], [meanThetaOverRun!]);
    }
  });

  it('has the values of the formula', () => {
    close(values('exponential', 1000, [0, 10, 100]), [1, 0.68394, 0.5000227], 5e-7);
    close([theta(3, { thetaBar: 0.5, steps: 7, schedule: { type: 'exponential', gamma: 0.25 } })], [0.7361832763705074]);
    close([theta(3, { thetaBar: 0.5, steps: 7, schedule: 'exponential', gamma: 0.25 })], [0.7361832763705074]);
  });

  it('runs a step late, as in the DeepSpeed engine, with lag 1', () => {
    const { thetaBar, gamma, forward, theta: expected } = oracle.engineForwardTheta;
    const late = makeDropping({ thetaBar, gamma, lag: 1 }, { blocks: equalBlocks(3), steps: 1000 });
    close(
      forward.map((step) => thetaAt(late, step)),
      expected,
    );
    const onTime = makeDropping({ thetaBar, gamma }, { blocks: equalBlocks(3), steps: 1000 });
    expect(thetaAt(onTime, 1)).toBe(expected[2]);
  });
});

describe('the other schedules', () => {
  it('have the values of their formulas', () => {
    close(values('linear', 10, [0, 1, 5, 9, 10, 12]), [1, 0.95, 0.75, 0.55, 0.5, 0.5]);
    close(values('polynomial', 10, [0, 1, 5, 10]), [1, 0.905, 0.625, 0.5]);
    close(values({ type: 'polynomial', power: 3 }, 10, [0, 1, 5, 10]), [1, 0.8645, 0.5625, 0.5]);
    close(values('cosine', 12, [0, 4, 6, 8, 12]), [1, 0.875, 0.75, 0.625, 0.5]);
    close(values('step', 8, [0, 1, 2, 3, 4, 5, 6, 7]), [1, 1, 5 / 6, 5 / 6, 4 / 6, 4 / 6, 0.5, 0.5]);
    close(values({ type: 'step', at: [3, 0.5] }, 10, [2, 3, 4, 5]), [1, 0.75, 0.75, 0.5]);
    close(values('constant', 10, [0, 9]), [0.5, 0.5]);
    close(values('growth', 10, [0, 5, 10, 11]), [0.5, 0.75, 1, 1]);
    close(values({ type: 'growth', direction: 'down' }, 10, [0, 5, 10]), [1, 0.75, 0.5]);
    close(values({ type: 'growth', length: 4 }, 10, [0, 1, 4, 9]), [0.5, 0.625, 1, 1]);
    close(
      values((step, steps) => 1 - step / (4 * steps), 10, [0, 10]),
      [1, 0.75],
    );
  });

  it('take start and length in steps or as fractions of the run', () => {
    close(values({ type: 'linear', start: 2, length: 4 }, 10, [0, 2, 3, 4, 6, 9]), [1, 1, 0.875, 0.75, 0.5, 0.5]);
    close(values({ type: 'linear', start: 0.2, length: 0.4 }, 10, [0, 2, 3, 4, 6, 9]), [1, 1, 0.875, 0.75, 0.5, 0.5]);
    close(values({ type: 'linear', start: 0.5 }, 10, [5, 6, 10]), [1, 0.9, 0.5]);
    close(values({ type: 'linear', length: 1 }, 10, [0, 1]), [1, 0.5]);
    close(values({ type: 'cosine', start: 3, length: 0 }, 10, [3, 4]), [1, 0.5]);
  });

  it('refuse values that are no probability', () => {
    for (const wrong of [1.5, -0.1, Number.NaN]) {
      expect(() => theta(3, { thetaBar: 0.5, steps: 10, schedule: () => wrong })).toThrow(`the schedule's theta is ${wrong} at step 3 of 10`);
    }
  });

  it('refuse lengths that are neither steps nor a fraction', () => {
    for (const length of [-1, 1.5]) expect(scheduleSchema.safeParse({ type: 'linear', length }).success).toBe(false);
    expect(scheduleSchema.safeParse({ type: 'linear', length: 3 }).success).toBe(true);
    expect(scheduleSchema.safeParse('quadratic').success).toBe(false);
    expect(scheduleSchema.safeParse({ type: 'step', at: [] }).success).toBe(false);
  });
});

const names = ['exponential', 'linear', 'polynomial', 'cosine', 'step', 'constant', 'growth'] as const;

it('every schedule stays between thetaBar and 1, and is monotone in time', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 300 }), (name, thetaBar, steps) => {
      const trace = values(
        name,
        steps,
        Array.from({ length: steps + 5 }, (_, i) => i),
        thetaBar,
      );
      const direction = name === 'growth' ? 1 : -1;
      const moves = trace.slice(1).map((value, i) => direction * (value - trace[i]!));
      expect(Math.min(...trace)).toBeGreaterThanOrEqual(thetaBar - 1e-15);
      expect(Math.max(...trace)).toBeLessThanOrEqual(1 + 1e-15);
      expect(Math.min(...moves)).toBeGreaterThanOrEqual(-1e-15);
    }),
  );
});

it('decay ends at 0 for every shape that reaches thetaBar within the run', () => {
  const shapes: Shape[] = [{ type: 'linear' }, { type: 'polynomial', power: 0.5 }, { type: 'cosine' }, { type: 'step', at: [0.9] }, { type: 'constant' }];
  for (const shape of shapes) expect(decay(shape, 40, 40)).toBeCloseTo(0, 15);
  expect(decay({ type: 'exponential' }, 40, 40)).toBeCloseTo(Math.exp(-100), 50);
});

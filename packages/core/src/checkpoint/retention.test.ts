import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOf, expendable, isBetter, type Saved } from './retention.js';

const saved = (...losses: (number | undefined)[]): Saved[] =>
  losses.map((loss, i) => ({ name: `step-${i + 1}`, sequence: i + 1, metrics: loss === undefined ? {} : { dev: { loss } } }));
const monitor = { set: 'dev', metric: 'loss', mode: 'min' } as const;
const names = (list: readonly Saved[]): string[] => list.map((one) => one.name);

describe('isBetter', () => {
  it.each([
    ['min', 1, null, 0, true],
    ['min', 1, 2, 0, true],
    ['min', 2, 2, 0, false],
    ['min', 1.95, 2, 0.1, false],
    ['min', 1.85, 2, 0.1, true],
    ['max', 3, 2, 0, true],
    ['max', 2, 2, 0, false],
    ['max', 2.05, 2, 0.1, false],
    ['max', Number.NaN, null, 0, false],
    ['min', Number.NEGATIVE_INFINITY, 2, 0, true],
  ] as const)('%s: %d after %d with at least %d is %s', (mode, value, best, minDelta, expected) => {
    expect(isBetter(mode, value, best, minDelta)).toBe(expected);
  });
});

describe('bestOf', () => {
  it('takes the least or the greatest, and the oldest among equals', () => {
    expect(bestOf(saved(3, 1, 2, 1), monitor)?.name).toBe('step-2');
    expect(bestOf(saved(3, 1, 2, 3), { ...monitor, mode: 'max' })?.name).toBe('step-1');
  });

  it('passes over checkpoints without the metric and NaN', () => {
    expect(bestOf(saved(undefined, Number.NaN, 5), monitor)?.name).toBe('step-3');
    expect(bestOf(saved(undefined), monitor)).toBeUndefined();
  });
});

describe('expendable', () => {
  it('names all but the newest and the best', () => {
    expect(names(expendable(saved(3, 1, 2, 4, 5), { keep: 2, best: monitor }))).toEqual(['step-3', 'step-1']);
    expect(names(expendable(saved(3, 1, 2, 4, 5), { keep: 2 }))).toEqual(['step-3', 'step-2', 'step-1']);
    expect(expendable(saved(3, 1, 2), { best: monitor })).toEqual([]);
  });

  it('goes by the order of saving, not by name', () => {
    const [a, b] = saved(1, 1) as [Saved, Saved];
    expect(names(expendable([{ ...a, sequence: 9 }, b], { keep: 1 }))).toEqual(['step-2']);
  });

  it('never names the newest or the best', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double(), { nil: undefined }), { minLength: 1 }), fc.integer({ min: 1, max: 5 }), (losses, keep) => {
        const all = saved(...losses);
        const gone = expendable(all, { keep, best: monitor });
        expect(gone).not.toContain(all.at(-1));
        expect(gone).not.toContain(bestOf(all, monitor));
        expect(all.length - gone.length).toBeGreaterThanOrEqual(Math.min(keep, all.length));
        expect(all.length - gone.length).toBeLessThanOrEqual(keep + 1);
      }),
    );
  });
});

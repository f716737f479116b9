import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matthews } from './classification.js';
import { pearson, ranks } from './correlation.js';
import { taskScore } from './metrics.js';

interface Oracle {
  readonly classification: readonly {
    readonly name: string;
    readonly labels: readonly number[];
    readonly preds: readonly number[];
    readonly accuracy: number;
    readonly matthews: number;
    readonly f1?: number;
    readonly mrpcScore?: number;
  }[];
  readonly regression: readonly {
    readonly name: string;
    readonly labels: readonly number[];
    readonly preds: readonly number[];
    readonly pearson: number | null;
    readonly spearman: number | null;
    readonly score: number | null;
  }[];
}
/** By scikit-learn 1.9.1 and scipy 1.17.1. */
const oracle = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/fixtures/metrics-oracle.json'), 'utf8')) as Oracle;

const expectClose = (value: number | undefined, expected: number | null, tolerance = 1e-12) => {
  if (expected === null) expect(value).toBeNaN();
  else expect(Math.abs(value! - expected), `${value} is not ${expected}`).toBeLessThanOrEqual(tolerance);
};

describe('metrics', () => {
  it('has the cases', () => {
    expect(oracle.classification).toHaveLength(26);
    expect(oracle.regression).toHaveLength(20);
  });

  it.each(oracle.classification)('$name: as scikit-learn', ({ labels, preds, ...expected }) => {
    const score = taskScore(['accuracy', 'f1'], preds, labels);
    expectClose(score.accuracy, expected.accuracy);
    if (expected.f1 !== undefined) expectClose(score.f1, expected.f1);
    if (expected.mrpcScore !== undefined) expectClose(score.score, expected.mrpcScore);
    expectClose(taskScore(['matthews'], preds, labels).score, expected.matthews);
  });

  it.each(oracle.regression)('$name: as scipy', ({ name, labels, preds, ...expected }) => {
    const tolerance = name === 'largeOffset' ? 1e-9 : 1e-12;
    const { pearson, spearman, score } = taskScore(['pearson', 'spearman'], preds, labels);
    expectClose(pearson, expected.pearson, tolerance);
    expectClose(spearman, expected.spearman);
    expectClose(score, expected.score, tolerance);
  });

  it('has no correlation of what is no number, or of one value', () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) expect(taskScore(['pearson'], [1, wrong, 2], [1, 2, 3]).score).toBeNaN();
    expect(taskScore(['spearman'], [1, Number.NaN, 2], [1, 2, 3]).score).toBeNaN();
    expect(taskScore(['pearson'], [1], [1]).score).toBeNaN();
  });

  it('refuses sets of unequal length, and empty ones', () => {
    expect(() => taskScore(['accuracy'], [1], [1, 0])).toThrow(/1 predictions cannot be compared with 2 labels/);
    expect(() => taskScore(['accuracy'], [], [])).toThrow(/nothing to judge/);
    expect(() => taskScore([], [1], [1])).toThrow(/nothing to judge/);
  });

  it.each(['acuracy', 'constructor'])('refuses the metric %s', (name) => {
    expect(() => taskScore([name as never], [1], [1])).toThrow(expect.objectContaining({ code: 'HOOKLINE_METRIC' }));
  });

  it('is exactly 1 where all is right, and never beyond', () => {
    expect(matthews([0, 0, 0, 1], [0, 0, 0, 1])).toBe(1);
    const scores = fc
      .array(fc.double({ noNaN: true, min: -1e3, max: 1e3 }), { minLength: 2, maxLength: 30 })
      .filter((x) => new Set(x.map((one) => one + 0)).size > 1);
    fc.assert(
      fc.property(scores, (x) => {
        const order = taskScore(['spearman'], x, ranks(x)).spearman;
        expect(order).toBe(1);
        expect(pearson(x, x)).toBe(1);
      }),
    );
  });
});

describe('what must hold for any predictions', () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 40 });

  it('Matthews does not change when classes are renamed, or predictions and labels change places', () => {
    fc.assert(
      fc.property(pairs, (both) => {
        const [p, t] = [both.map(([a]) => a), both.map(([, b]) => b)];
        const value = matthews(p, t);
        expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-12);
        expect(matthews(t, p)).toBeCloseTo(value, 12);
        const renamed = (k: number): number => [2, 0, 3, 1][k]!;
        expect(matthews(p.map(renamed), t.map(renamed))).toBeCloseTo(value, 12);
      }),
    );
  });

  it('Pearson does not change under a shift and a positive scale', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: -100, max: 100 }), fc.integer({ min: -100, max: 100 })), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(values, (both) => {
        const [x, y] = [both.map(([a]) => a), both.map(([, b]) => b)];
        const value = pearson(x, y);
        const moved = pearson(
          x.map((one) => 3 * one + 7),
          y,
        );
        if (Number.isNaN(value)) expect(moved).toBeNaN();
        else expect(moved).toBeCloseTo(value, 10);
      }),
    );
  });

  it('ranks sum to n (n + 1) / 2, ties or not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }), (values) => {
        expect(ranks(values).reduce((sum, rank) => sum + rank, 0)).toBe((values.length * (values.length + 1)) / 2);
      }),
    );
    expect(ranks([0.5, -0, 0, 9])).toEqual([3, 1.5, 1.5, 4]);
  });
});

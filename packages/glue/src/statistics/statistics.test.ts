import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from './bootstrap.js';
import { comparePaired } from './paired.js';
import { compareSpread } from './spread.js';
import { summarize } from './summary.js';
import { welchLower } from './welch.js';

type Numbers = readonly number[];
interface Oracle {
  readonly paired: {
    readonly a: Numbers;
    readonly b: Numbers;
    readonly difference: number;
    readonly sd: number;
    readonly interval95: Numbers;
    readonly interval99: Numbers;
  };
  readonly welch: readonly { readonly x: Numbers; readonly y: Numbers; readonly t: number; readonly df: number; readonly p: number }[];
  readonly brownForsythe: readonly { readonly groups: readonly Numbers[]; readonly statistic: number; readonly p: number }[];
  readonly summary: { readonly values: Numbers; readonly mean: number; readonly sd: number };
  readonly bootstrap: { readonly values: Numbers; readonly interval95: Numbers };
}
/** By scipy; statistics_oracle.py beside it made it. */
const oracle = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/fixtures/statistics-oracle.json'), 'utf8')) as Oracle;
const closeTo = (value: number, expected: number): void => expect(Math.abs(value / expected - 1), `${value} is not ${expected}`).toBeLessThan(1e-11);

it('sums up as numpy does, and keeps every value', () => {
  const { values, mean, sd } = oracle.summary;
  const summary = summarize(values);
  closeTo(summary.mean, mean);
  closeTo(summary.sd, sd);
  expect(summary).toMatchObject({ n: 12, min: 0.5901, max: 0.6134, values });
  expect(summarize([0.5]).sd).toBeNaN();
  expect(() => summarize([])).toThrow(/no scores/);
});

describe('comparePaired', () => {
  const { a, b } = oracle.paired;

  it('below eight seeds: the interval of scipy’s paired t test', () => {
    for (const [level, interval] of [[0.95, oracle.paired.interval95] as const, [0.99, oracle.paired.interval99] as const]) {
      const compared = comparePaired(a, b, { level });
      expect(compared).toMatchObject({ method: 'paired t', level });
      closeTo(compared.difference.mean, oracle.paired.difference);
      closeTo(compared.difference.sd, oracle.paired.sd);
      compared.interval!.forEach((end, i) => void closeTo(end, interval[i]!));
    }
  });

  it('from eight seeds on: a bootstrap', () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    const zero = eight.map(() => 0);
    expect(comparePaired(eight.slice(1), zero.slice(1)).method).toBe('paired t');
    const compared = comparePaired(eight, zero, { seed: 3 });
    expect(compared.method).toBe('bootstrap');
    expect(compared.interval).toEqual(bootstrapInterval(eight, { seed: 3 }));
  });

  it('has no interval for one seed, and refuses what has no pair', () => {
    expect(comparePaired([0.5], [0.4])).toMatchObject({ interval: undefined });
    expect(() => comparePaired([1, 2], [1])).toThrow(/2 scores cannot be paired with 1; run both settings with the same seeds/);
  });
});

describe('bootstrapInterval', () => {
  it('agrees with scipy’s, but for chance', () => {
    const { values, interval95 } = oracle.bootstrap;
    for (const seed of [0, 1, 2]) bootstrapInterval(values, { seed }).forEach((end, i) => void expect(Math.abs(end - interval95[i]!)).toBeLessThan(1.5e-4));
  });

  it('is the same for the same seed, within the range, and wider for a higher level', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 8, maxLength: 12 });
    fc.assert(
      fc.property(values, fc.nat(1000), (scores, seed) => {
        const [low, high] = bootstrapInterval(scores, { seed, resamples: 200 });
        expect([low, high]).toEqual(bootstrapInterval(scores, { seed, resamples: 200 }));
        const [lower, higher] = bootstrapInterval(scores, { seed, resamples: 200, level: 0.99 });
        const ordered = [Math.min(...scores), lower, low, high, higher, Math.max(...scores)];
        for (const [i, value] of ordered.entries()) if (i > 0) expect(value).toBeGreaterThanOrEqual(ordered[i - 1]! - 1e-9);
      }),
      { numRuns: 25 },
    );
  });
});

describe('welchLower', () => {
  it.each(oracle.welch)('t = $t: as scipy', ({ x, y, t, df, p }) => {
    const test = welchLower(x, y);
    closeTo(test.t, t);
    closeTo(test.degreesOfFreedom, df);
    closeTo(test.p, p);
  });

  it('decides without spread, and refuses single scores', () => {
    expect(welchLower([1, 1], [2, 2]).p).toBe(0);
    expect(welchLower([2, 2], [1, 1]).p).toBe(1);
    expect(welchLower([1, 1], [1, 1]).p).toBeNaN();
    expect(() => welchLower([1], [1, 2])).toThrow(/needs two scores on each side, and has 1 and 2/);
  });
});

it('refuses a score that is no finite number, and options out of range', () => {
  const ten = Array.from({ length: 10 }, (_, i) => i);
  const odd = ten.with(3, Number.NaN);
  const seeds = expect.objectContaining({ code: 'HOOKLINE_SEEDS', message: expect.stringContaining('score 4 of 10 is NaN') });
  for (const use of [() => comparePaired(odd, ten), () => comparePaired(ten, odd), () => compareSpread([ten, odd]), () => welchLower(odd, ten)])
    expect(use).toThrow(seeds);
  expect(() => bootstrapInterval(odd)).toThrow(seeds);
  expect(() => bootstrapInterval([])).toThrow(expect.objectContaining({ code: 'HOOKLINE_SEEDS' }));
  for (const options of [{ level: 95 }, { level: -1 }, { level: Number.NaN }, { resamples: 0 }, { resamples: 1.5 }, { lvel: 0.9 } as object])
    for (const scores of [ten, [1, 2]]) expect(() => comparePaired(scores, scores, options)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
});

describe('compareSpread', () => {
  it.each(oracle.brownForsythe)('statistic $statistic: as scipy', ({ groups, statistic, p }) => {
    const test = compareSpread(groups);
    if (test.kind !== 'tested') throw new Error(test.why);
    closeTo(test.statistic, statistic);
    expect(Math.abs(test.p - p)).toBeLessThan(1e-14);
  });

  it('cannot tell below ten seeds, or where nothing varies', () => {
    const ten = Array.from({ length: 10 }, (_, i) => i);
    expect(compareSpread([ten, ten.slice(1)])).toEqual({ kind: 'cannot tell', why: 'a claim about spread needs 10 seeds, and there are 9' });
    expect(compareSpread([ten.map(() => 1), ten.map(() => 2)])).toEqual({
      kind: 'cannot tell',
      why: "every score lies as far from its setting's median as every other",
    });
    const around = (distance: number) => ten.map((i) => (i % 2 === 0 ? distance : -distance));
    expect(compareSpread([around(2), around(2)])).toEqual({ kind: 'cannot tell', why: "every score lies as far from its setting's median as every other" });
    expect(() => compareSpread([ten])).toThrow(/two settings at least/);
  });

  it('tells spreads apart that do not vary themselves, as scipy', () => {
    const around = (distance: number) => Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? distance : -distance));
    expect(compareSpread([around(1), around(9)])).toEqual({ kind: 'tested', statistic: Number.POSITIVE_INFINITY, p: 0 });
  });

  it('keeps the digits of a small p', () => {
    // with three groups of ten, p has a closed form: (1 + 2 F / 27) ^ (-27 / 2)
    const groups = [0.001, 1, 1.001].map((scale) => Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 1 : -1) * scale * (1 + i / 1000)));
    const test = compareSpread(groups);
    if (test.kind !== 'tested') throw new Error(test.why);
    expect(test.p).toBeGreaterThan(0);
    expect(test.p).toBeLessThan(1e-20);
    expect(Math.abs(test.p / (1 + (2 * test.statistic) / 27) ** (-27 / 2) - 1)).toBeLessThan(1e-9);
  });
});

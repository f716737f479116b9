import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { uniform } from '../random.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { gradientNoise, noiseDeviation, normalDraws } from './gradient-noise.js';

const random = (stream: string, step: number, index: number): number => uniform(7, stream, step, index);

it('noiseDeviation follows its table', () => {
  for (const [completed, expected] of [
    [0, 0.1],
    [9, 0.05309],
    [99, 0.02818],
    [9999, 0.00794],
  ] as const) {
    expect(noiseDeviation(0.01, 0.55, completed)).toBeCloseTo(expected, 5);
  }
});

describe('normalDraws', () => {
  it('are standard normal: mean, variance, skewness and kurtosis of 20,000', () => {
    const draws = [...normalDraws(random, 'a', 3, 20_000)];
    const moment = (power: number): number => draws.reduce((sum, x) => sum + x ** power, 0) / draws.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.03);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.05);
    expect(Math.abs(moment(3))).toBeLessThan(0.1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.3);
  });

  it('are finite, and the same for the same key whatever the length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 20 }), (stream, step, length) => {
        const draws = normalDraws(random, stream, step, length);
        expect(draws.every(Number.isFinite)).toBe(true);
        expect([...normalDraws(random, stream, step, length + 3)].slice(0, length)).toEqual([...draws]);
      }),
    );
    expect(Math.abs(normalDraws(() => 0, 'a', 0, 1)[0]!)).toBe(0);
  });
});

describe('gradientNoise', () => {
  /** The gradients before and after the noise, of the first steps. */
  async function noised(steps: number, others: readonly Plugin[] = []) {
    const seen: { before: Record<string, number[]>; after: Record<string, number[]> }[] = [];
    const look = (which: 'before' | 'after', stage: number): Plugin => ({
      name: which,
      stage,
      onStep: during('gradients', (step) => {
        const values = Object.fromEntries(step.gradients.names.map((name) => [name, [...step.gradients.values(name)]]));
        seen[step.index] = { ...(seen[step.index] ?? { before: {}, after: {} }), [which]: values };
        return step;
      }),
    });
    const plugins = [look('before', 59), gradientNoise({ eta: 0.01 }), look('after', 61), ...others];
    await createTrainer({ learner: residualMlp({ depth: 2 }), plugins, steps, seed: 7, learningRate: 0.01 }).run();
    return seen;
  }

  it('adds keyed noise of its deviation to each gradient', async () => {
    const seen = await noised(2);
    for (const [step, { before, after }] of seen.entries()) {
      for (const [name, values] of Object.entries(before)) {
        const draws = normalDraws(random, `gradient-noise/${name}`, step, values.length);
        expect(after[name]).toEqual(values.map((value, i) => value + noiseDeviation(0.01, 0.55, step) * draws[i]!));
      }
    }
    expect(seen[0]!.after['stem']).not.toEqual(seen[0]!.after['head']);
  });

  it('gives none to frozen parameters', async () => {
    const freeze: Plugin = { name: 'freeze', onStep: during('begin', (step) => ({ ...step, rateScale: (name) => (name === 'stem' ? 0 : 1) })) };
    const [first] = await noised(1, [freeze]);
    expect(Object.keys(first!.after)).not.toContain('stem');
    expect(Object.keys(first!.after)).toEqual(Object.keys(first!.before));
  });

  it('stands behind clipping', () => {
    expect(gradientNoise({ eta: 1 }).stage).toBe(60);
  });

  it.each([{}, { eta: 0 }, { eta: 1, gamma: -1 }])('refuses %o', (options) => {
    expect(() => gradientNoise(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

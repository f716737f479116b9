import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RateOptions, rateAt } from './rate.js';

const rates = (options: RateOptions, total: number): number[] => Array.from({ length: total }, (_, step) => rateAt(options, step, total));
const fixture = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/fixtures/learning-rates.json'), 'utf8')) as { linear: number[] };

describe('rateAt', () => {
  it('is Hugging Face’s linear schedule to the last bit with warmupStart zero', () => {
    expect(rates({ schedule: 'linear', peak: 1e-3, warmup: 2, warmupStart: 'zero' }, 20)).toEqual(fixture.linear);
    expect(rates({ schedule: 'linear', peak: 1e-3, warmup: 0.1, warmupStart: 'zero' }, 20)).toEqual(fixture.linear);
  });

  const common = { peak: 1, warmup: 2 };
  it.each<[string, RateOptions, number[]]>([
    ['constant', { schedule: 'constant', ...common }, [0.5, 1, 1, 1, 1, 1]],
    ['linear', { schedule: 'linear', ...common }, [0.5, 1, 1, 0.75, 0.5, 0.25]],
    ['linear from zero', { schedule: 'linear', ...common, warmupStart: 'zero' }, [0, 0.5, 1, 0.75, 0.5, 0.25]],
    ['linear to an end', { schedule: 'linear', ...common, end: 0.2 }, [0.5, 1, 1, 0.8, 0.6, 0.4]],
    ['cosine', { schedule: 'cosine', ...common }, [0.5, 1, 1, 0.853553, 0.5, 0.146447]],
    ['cosine to an end', { schedule: 'cosine', ...common, end: 0.5 }, [0.5, 1, 1, 0.926777, 0.75, 0.573223]],
    ['polynomial', { schedule: 'polynomial', ...common }, [0.5, 1, 1, 0.5625, 0.25, 0.0625]],
    ['polynomial of power 1 to an end', { schedule: 'polynomial', ...common, power: 1, end: 0.2 }, [0.5, 1, 1, 0.8, 0.6, 0.4]],
    ['step', { schedule: 'step', ...common, every: 2 }, [0.5, 1, 1, 1, 0.1, 0.1]],
    ['step with a factor and a floor', { schedule: 'step', ...common, every: 1, factor: 0.5, floor: 0.3 }, [0.5, 1, 1, 0.5, 0.3, 0.3]],
    ['step by a fraction of the run', { schedule: 'step', ...common, every: 0.33 }, [0.5, 1, 1, 1, 0.1, 0.1]],
    ['no warm-up', { schedule: 'linear', peak: 6 }, [6, 5, 4, 3, 2, 1]],
    ['a warm-up longer than the run', { schedule: 'linear', peak: 1, warmup: 10 }, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]],
  ])('%s', (_, options, expected) => {
    for (const [step, rate] of rates(options, 6).entries()) expect(rate, `step ${step}`).toBeCloseTo(expected[step]!, 6);
  });

  it('stays at the end beyond the run', () => {
    expect(rateAt({ schedule: 'linear', peak: 1, end: 0.1 }, 10, 6)).toBeCloseTo(0.1, 12);
    expect(rateAt({ schedule: 'cosine', peak: 1, end: 0.1 }, 10, 6)).toBeCloseTo(0.1, 12);
  });

  const schedule = fc.oneof(
    fc.constantFrom('constant', 'linear', 'cosine').map((name) => ({ schedule: name }) as RateOptions),
    fc.record({ schedule: fc.constant('polynomial' as const), power: fc.double({ min: 0.1, max: 5, noNaN: true }) }),
    fc.record({ schedule: fc.constant('step' as const), every: fc.integer({ min: 1, max: 20 }), factor: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
  );
  it('rises to the peak in the warm-up, then falls, and always trains', () => {
    fc.assert(
      fc.property(schedule, fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 30 }), (chosen, total, warmup) => {
        const all = rates({ ...chosen, peak: 2, warmup } as RateOptions, total);
        expect(all.every((rate) => rate > 0 && rate <= 2)).toBe(true);
        if (warmup < total) expect(all[warmup]).toBe(2);
        if (warmup <= total) expect(all[warmup - 1]).toBe(2);
        for (let step = 1; step < total; step++) expect(Math.sign(all[step]! - all[step - 1]!)).not.toBe(step < warmup ? -1 : 1);
      }),
    );
  });

  it.each<[string, object, RegExp]>([
    ['an unknown schedule', { schedule: 'exponential', peak: 1 }, /schedule/],
    ['no peak', { schedule: 'linear' }, /peak/],
    ['a warm-up that is neither steps nor a fraction', { schedule: 'linear', peak: 1, warmup: 1.5 }, /warmup.*whole steps.*fraction/],
    ['an end above the peak', { schedule: 'linear', peak: 1, end: 2 }, /above the peak/],
    ['a floor above the peak', { schedule: 'step', peak: 1, every: 5, floor: 2 }, /above the peak/],
    ['a power where there is none', { schedule: 'linear', peak: 1, power: 2 }, /power/],
    ['a misspelt option', { schedule: 'linear', peek: 1, peak: 1 }, /peek.*did you mean 'peak'/],
  ])('refuses %s', (_, options, message) => {
    expect(() => rateAt(options as RateOptions, 0, 10)).toThrow(message);
    expect(() => rateAt(options as RateOptions, 0, 10)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

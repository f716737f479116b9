import { describe, expect, it } from 'vitest';
import { driven, recordedWeights } from '../../test/plugin-run.js';
import { averagingDecay, weightAveraging } from './weight-averaging.js';

describe('averagingDecay', () => {
  it.each([
    [0.999, 1, true, 2 / 11],
    [0.999, 10, true, 0.55],
    [0.999, 100, true, 101 / 110],
    [0.9, 1000, true, 0.9],
    [0.999, 1, false, 0.999],
  ])('of %d after %d updates, warm-up %s, is %d', (decay, updates, warmup, expected) => {
    expect(averagingDecay(decay, updates, warmup)).toBeCloseTo(expected, 12);
  });
});

describe('weightAveraging', () => {
  it('starts as the weights after the first update, then follows them', async () => {
    const weights = recordedWeights();
    const { end, cell } = driven(weightAveraging({ decay: 0.75 }), { weights });
    for (let index = 0; index < 3; index++) await end(index);
    expect(weights.copy.mock.calls).toEqual([['ema']]);
    expect(weights.lerp.mock.calls).toEqual([
      ['ema', 0.25],
      ['ema', 0.25],
    ]);
    expect(cell.get()).toEqual({ updates: 3 });
  });

  it('warms up from the number of updates in its state', async () => {
    const weights = recordedWeights();
    const { end, cell } = driven(weightAveraging({ decay: 0.999, warmup: true, slot: 'mean' }), { weights });
    cell.set({ updates: 10 });
    await end(0);
    expect(weights.lerp.mock.calls).toEqual([['mean', 1 - 0.55]]);
  });

  it('does not count a step whose update was skipped', async () => {
    const weights = recordedWeights();
    const { end, cell } = driven(weightAveraging({ decay: 0.5 }), { weights });
    await end(0, { skipped: true });
    expect(weights.copy).not.toHaveBeenCalled();
    expect(cell.get()).toEqual({ updates: 0 });
  });

  it('is evaluated once it exists, unless another plugin chose a slot', async () => {
    const { end, evalBegin } = driven(weightAveraging({ decay: 0.5 }));
    expect((await evalBegin(0)).weights).toBeUndefined();
    await end(0);
    expect((await evalBegin(1)).weights).toBe('ema');
    expect((await evalBegin(1, 'dev', 'swa')).weights).toBe('swa');
  });

  it('is not evaluated when told not to', async () => {
    const { end, evalBegin } = driven(weightAveraging({ decay: 0.5, evaluate: false }));
    await end(0);
    expect((await evalBegin(1)).weights).toBeUndefined();
  });

  it.each([{ decay: 1 }, { decay: -0.1 }, {}, { decay: 0.5, slot: '' }])('refuses %o', (options) => {
    expect(() => weightAveraging(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

import { describe, expect, it } from 'vitest';
import { driven, recordedWeights } from '../../test/plugin-run.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { gradientLogging } from './gradient-logging.js';
import { nanGuard } from './nan-guard.js';
import { stochasticWeightAveraging } from './stochastic-weight-averaging.js';
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

  it.each<[string, Plugin, Plugin]>([
    ['ema', weightAveraging({ decay: 0.9 }), nanGuard({ policy: 'rollback', slot: 'ema' })],
    ['mean', weightAveraging({ decay: 0.9, slot: 'mean' }), stochasticWeightAveraging({ every: 1, slot: 'mean' })],
    ['gradient-logging', weightAveraging({ decay: 0.9, slot: 'gradient-logging' }), gradientLogging({ every: 1 })],
  ])('shares its slot with nobody: %s', (slot, first, second) => {
    const make = (plugins: readonly Plugin[]) => createTrainer({ learner: residualMlp(), plugins, steps: 1, learningRate: 0.1 });
    expect(() => make([first, second])).toThrow(`plugins '${first.name}', '${second.name}' all provide 'slot:${slot}'`);
    expect(() => make([weightAveraging({ decay: 0.9, slot: 'other' }), second])).not.toThrow();
  });

  it('may have the name of a slot that the guard does not use', () => {
    const plugins = [weightAveraging({ decay: 0.9, slot: 'last-sound' }), nanGuard({ policy: 'skip' })];
    expect(() => createTrainer({ learner: residualMlp(), plugins, steps: 1, learningRate: 0.1 })).not.toThrow();
  });
});

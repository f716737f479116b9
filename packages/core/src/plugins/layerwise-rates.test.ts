import { describe, expect, it } from 'vitest';
import { block, driven, recordedWeights } from '../../test/plugin-run.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { layerwiseRate, layerwiseRates } from './layerwise-rates.js';

describe('layerwiseRate', () => {
  it('follows its table', () => {
    expect([0, 1, 2, 3, 4].map((depth) => layerwiseRate(depth, 3, 0.5))).toEqual([0.0625, 0.125, 0.25, 0.5, 1]);
  });

  it('divides by 2.6 from layer to layer, as ULMFiT', () => {
    const [below, above] = [layerwiseRate(2, 3, 1 / 2.6), layerwiseRate(3, 3, 1 / 2.6)];
    expect(above / below).toBeCloseTo(2.6, 12);
  });
});

describe('layerwiseRates', () => {
  const names = ['embedding', 'a1', 'b1', 'pooler', 'head'];
  const run = { blocks: [block('a', ['a1']), block('b', ['b1'])], weights: recordedWeights(names) };
  const rates = async (options: Parameters<typeof layerwiseRates>[0]) => {
    const { rateScale } = await driven(layerwiseRates(options), run).begin(0, { rateScale: (name) => (name === 'b1' ? 0 : 2) });
    return [...names, 'unknown'].map(rateScale);
  };

  it('scales what others scale', async () => {
    expect(await rates({ decay: 0.5 })).toEqual([0.25, 0.5, 0, 2, 2, 2]);
  });

  it('places parameters outside blocks as told', async () => {
    expect(await rates({ decay: 0.5, below: ['embedding', 'pooler'] })).toEqual([0.25, 0.5, 0, 0.25, 2, 2]);
  });

  it('moves each layer by its own share in a step', async () => {
    const moved = async (plugins: readonly Plugin[]) => {
      const learner = residualMlp({ depth: 2, optimizer: 'sgd', weightDecay: 0 });
      learner.weights.copy('start');
      await createTrainer({ learner, plugins, steps: 1, learningRate: 0.1 }).run();
      return learner.weights.norms('start');
    };
    const [plain, scaled] = [await moved([]), await moved([layerwiseRates({ decay: 0.5 })])];
    const shares = ['stem', 'block.0.a.in', 'block.1.b.out', 'head'].map((name) => scaled[name]! / plain[name]!);
    for (const [i, share] of [0.125, 0.25, 0.5, 1].entries()) expect(shares[i]).toBeCloseTo(share, 9);
  });

  it.each([{ decay: 0 }, { decay: 1.1 }, {}, { decay: 0.5, below: [] }])('refuses %o', (options) => {
    expect(() => layerwiseRates(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

import { describe, expect, it } from 'vitest';
import { driven } from '../../test/plugin-run.js';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { learningRate, linearWarmup } from './learning-rate.js';
import { rateAt } from './rate.js';

describe('learningRate', () => {
  it('sets the rate of each step and provides it', async () => {
    const plugin = learningRate({ schedule: 'cosine', peak: 0.1, warmup: 3 });
    expect(plugin.provides).toEqual(['learning-rate']);
    const { begin } = driven(plugin);
    for (let index = 0; index < 10; index++) expect((await begin(index)).learningRate).toBe(rateAt({ schedule: 'cosine', peak: 0.1, warmup: 3 }, index, 10));
  });

  it.each([learningRate({ schedule: 'constant', peak: 0.1 }), linearWarmup({ peak: 0.1, warmup: 0, end: 0.1 })])(
    'comes before plugins that change the rate: %#',
    async (plugin) => {
      const half: Plugin = { name: 'half', onStep: during('begin', (step) => ({ ...step, learningRate: step.learningRate / 2 })) };
      for (const plugins of [
        [half, plugin],
        [plugin, half],
      ])
        expect((await createTrainer({ learner: residualMlp(), plugins, steps: 1 }).run()).last!.learningRate).toBeCloseTo(0.05, 12);
    },
  );

  it('checks options when it is made', () => {
    expect(() => learningRate({ schedule: 'linear', peak: 0 })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

describe('linearWarmup', () => {
  it('is the linear schedule with a tenth of the run as warm-up', async () => {
    const plugin = linearWarmup({ peak: 0.1 });
    expect(plugin.provides).toEqual(['learning-rate']);
    const { begin } = driven(plugin, { total: 20 });
    for (let index = 0; index < 20; index++) expect((await begin(index)).learningRate).toBe(rateAt({ schedule: 'linear', peak: 0.1, warmup: 2 }, index, 20));
  });
});

import { describe, expect, it } from 'vitest';
import { driven, recordedWeights, stepsWhere } from '../../test/plugin-run.js';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { cyclicalRate, stochasticWeightAveraging } from './stochastic-weight-averaging.js';

describe('cyclicalRate', () => {
  it('follows its table', () => {
    for (const [since, expected] of [0.4, 0.3, 0.2, 0.4].entries()) expect(cyclicalRate(0.5, 0.2, since, 3)).toBeCloseTo(expected, 12);
  });
});

describe('stochasticWeightAveraging', () => {
  it('averages equally at the end of each cycle from the start on', async () => {
    const weights = recordedWeights();
    const { end, cell } = driven(stochasticWeightAveraging({ start: 4, every: 2 }), { weights });
    const calls: number[] = [];
    for (let index = 0; index < 10; index++) {
      await end(index);
      if (weights.copy.mock.calls.length + weights.lerp.mock.calls.length > calls.length) calls.push(index);
    }
    expect(calls).toEqual([5, 7, 9]);
    expect(weights.copy.mock.calls).toEqual([['swa']]);
    expect(weights.lerp.mock.calls).toEqual([
      ['swa', 1 / 2],
      ['swa', 1 / 3],
    ]);
    expect(cell.get()).toEqual({ models: 3 });
  });

  it('is the mean of the weights that it took', async () => {
    const learner = residualMlp({ depth: 1 });
    const taken: number[] = [];
    const look: Plugin = {
      name: 'look',
      stage: 99,
      onStep: during('end', (step) => {
        if (step.index >= 2) taken.push(learner.save()['weights/head']!.data[3]!);
        return step;
      }),
    };
    await createTrainer({ learner, plugins: [stochasticWeightAveraging({ start: 2, every: 1 }), look], steps: 7, learningRate: 0.05 }).run();
    expect(taken.length).toBe(5);
    expect(learner.save()['slots.swa/head']!.data[3]).toBeCloseTo(taken.reduce((a, b) => a + b, 0) / 5, 12);
  });

  it.each<[string, object, (number | undefined)[]]>([
    ['constant', { rate: 0.3 }, [7, 7, 0.3, 0.3, 0.3, 0.3]],
    ['cyclical', { rate: { from: 0.5, to: 0.1 } }, [7, 7, 0.3, 0.1, 0.3, 0.1]],
    ['that of the schedule', {}, [7, 7, 7, 7, 7, 7]],
  ])('the rate is %s from the start on', async (_, options, expected) => {
    const { begin } = driven(stochasticWeightAveraging({ start: 2, every: 2, ...options }));
    for (const [index, rate] of expected.entries()) expect((await begin(index, { learningRate: 7 })).learningRate).toBeCloseTo(rate!, 12);
  });

  it('adds nothing at the end of a cycle whose update was skipped', async () => {
    const { end, cell } = driven(stochasticWeightAveraging({ start: 0, every: 2 }));
    for (let index = 0; index < 6; index++) await end(index, { skipped: index === 3 });
    expect(cell.get()).toEqual({ models: 2 });
  });

  it('warns where no cycle ends within the run', () => {
    expect(driven(stochasticWeightAveraging({ every: 0.3 })).warnings).toEqual([
      "plugin 'stochastic-weight-averaging' averages nothing: from its start at step 8 no cycle of 3 steps ends within 10",
    ]);
    expect(driven(stochasticWeightAveraging({ every: 0.2 })).warnings).toEqual([]);
  });

  it('warns, once, of a set that is evaluated again in the same average', async () => {
    const { end, evalBegin, warnings } = driven(stochasticWeightAveraging({ start: 0, every: 2 }));
    for (let index = 0; index < 10; index++) {
      await end(index);
      await evalBegin(index + 1);
      await evalBegin(index + 1, 'test', 'ema');
    }
    expect(warnings).toEqual([expect.stringMatching(/evaluates 'dev' again in an average that has not changed.*evaluate once a cycle, of 2 steps$/)]);
    const once = driven(stochasticWeightAveraging({ start: 0, every: 3 }));
    for (const index of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      await once.end(index);
      if (index % 3 === 2 || index === 9) await once.evalBegin(index + 1); // the one after the last step is no choice of the user's
    }
    expect(once.warnings).toEqual([]);
  });

  it('starts after three quarters by default, and stands behind the schedule', async () => {
    const plugin = stochasticWeightAveraging({ every: 1, rate: 1 });
    expect(plugin.stage).toBe(10);
    const { begin } = driven(plugin, { total: 8 });
    expect(await stepsWhere(8, async (index) => (await begin(index)).learningRate === 1)).toEqual([6, 7]);
  });

  it('is evaluated once it exists, unless another plugin chose a slot, or it is told not to', async () => {
    const { end, evalBegin } = driven(stochasticWeightAveraging({ start: 0, every: 1 }));
    expect((await evalBegin(0)).weights).toBeUndefined();
    await end(0);
    expect((await evalBegin(1)).weights).toBe('swa');
    expect((await evalBegin(1, 'dev', 'ema')).weights).toBe('ema');
    const still = driven(stochasticWeightAveraging({ start: 0, every: 1, evaluate: false }));
    await still.end(0);
    expect((await still.evalBegin(1)).weights).toBeUndefined();
  });

  it.each([{}, { every: 0 }, { every: 1, rate: -1 }, { every: 1, rate: { from: 1 } }, { every: 1, slot: '' }])('refuses %o', (options) => {
    expect(() => stochasticWeightAveraging(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

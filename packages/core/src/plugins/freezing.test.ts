import { describe, expect, it } from 'vitest';
import { block, driven, recordedWeights } from '../../test/plugin-run.js';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import { freezing } from './freezing.js';
import { gradualUnfreezing } from './gradual-unfreezing.js';
import { weightAveraging } from './weight-averaging.js';

const names = ['embedding', 'a1', 'a2', 'b1', 'head'];
const run = { blocks: [block('a', ['a1', 'a2']), block('b', ['b1'])], weights: recordedWeights(names) };

async function frozenAt(options: Parameters<typeof freezing>[0], index = 0) {
  const { rateScale, report } = await driven(freezing(options), run).begin(index, { rateScale: (name) => (name === 'head' ? 0.5 : 1) });
  return { rates: names.map(rateScale), report };
}

describe('freezing', () => {
  it.each<[string, Parameters<typeof freezing>[0], number[]]>([
    ['blocks by name', { blocks: 'b' }, [1, 1, 1, 0, 0.5]],
    ['the first blocks', { blocks: { first: 1 } }, [1, 0, 0, 1, 0.5]],
    ['parameters by pattern', { parameters: ['emb*', 'a2'] }, [0, 1, 0, 1, 0.5]],
    ['both', { blocks: { first: 1 }, parameters: 'embedding' }, [0, 0, 0, 1, 0.5]],
  ])('freezes %s, and leaves the rates of others', async (_, options, rates) => {
    expect(await frozenAt(options)).toEqual({ rates, report: { frozenParameters: rates.filter((rate) => rate === 0).length } });
  });

  it.each<[number, number, number]>([
    [4, 3, 1],
    [4, 4, 0],
    [0.5, 4, 1],
    [0.5, 5, 0],
    [0.04, 0, 1], // never no step
    [0.04, 1, 0],
  ])('until %d of 10 steps: after %d steps %d frozen', async (until, index, count) => {
    expect((await frozenAt({ blocks: 'b', until }, index)).report).toEqual({ frozenParameters: count });
  });

  it('tells of all that are frozen, by whichever plugin, in any order', async () => {
    const plugins = [freezing({ blocks: 'b', parameters: 'embedding' }), gradualUnfreezing({ every: 4 })]; // at step 4: head and b
    for (const [first, second] of [plugins, plugins.toReversed()]) {
      const { rateScale, report } = await driven(first!, run).begin(4);
      const { report: told } = await driven(second!, run).begin(4, { rateScale, report });
      expect(told['frozenParameters']).toBe(4);
    }
  });

  it('leaves weights and moments as they are until then, with averaging and accumulation, and its gradients in no norm', async () => {
    const learner = residualMlp({ depth: 2 });
    const start = learner.save();
    const norms: number[] = [];
    const before: Plugin = {
      name: 'before',
      onStep: during('gradients', (step) => {
        norms.push(step.gradients.norm());
        return step;
      }),
    };
    const plugins = [freezing({ blocks: { first: 1 }, until: 2 }), weightAveraging({ decay: 0.5 }), { name: 'two', accumulation: 2 }, before];
    const trainer = createTrainer({ learner, plugins, steps: 3, learningRate: 0.01 });
    let told = 0;
    for await (const { index, gradientNorm } of trainer.events('step')) {
      const saved = learner.save();
      const still = (kind: string) => String(saved[`${kind}/block.0.a.in`]!.data) === String(start[`${kind}/block.0.a.in`]!.data);
      expect([still('weights'), still('adam.first'), still('adam.second')]).toEqual(Array(3).fill(index < 2));
      if (index < 2) expect(saved['slots.ema/block.0.a.in']).toEqual(start['weights/block.0.a.in']);
      expect(gradientNorm).toBe(norms[told++]);
      expect(String(saved['weights/stem']!.data)).not.toBe(String(start['weights/stem']!.data));
    }
  });

  it.each([{}, { blocks: 'b', until: 0 }, { block: 'b' }])('refuses %o', (options) => {
    expect(() => freezing(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });

  it('refuses a parameter that is not there', () => {
    expect(() => driven(freezing({ parameters: 'embeding' }), run)).toThrow(/no parameter 'embeding'.*did you mean 'embedding'/);
  });
});

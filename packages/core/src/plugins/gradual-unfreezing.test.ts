import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, driven, recordedWeights } from '../../test/plugin-run.js';
import { gradualUnfreezing, unfrozenLayers } from './gradual-unfreezing.js';

describe('unfrozenLayers', () => {
  it('follows its table', () => {
    expect([0, 9, 10, 25, 30, 99].map((completed) => unfrozenLayers(completed, 10, 4))).toEqual([1, 1, 2, 3, 4, 4]);
  });
});

const names = ['embedding', 'a1', 'b1', 'c1', 'c2', 'head'];
const blocks = [block('a', ['a1']), block('b', ['b1']), block('c', ['c1', 'c2'])];
const run = { blocks, weights: recordedWeights(names) };

describe('gradualUnfreezing', () => {
  it('unfreezes from the top down, embeddings last', async () => {
    const { begin } = driven(gradualUnfreezing({ every: 2 }), run);
    const trained: string[] = [];
    for (const index of [0, 1, 2, 4, 6, 8, 9]) {
      const { rateScale } = await begin(index);
      trained.push(names.filter((name) => rateScale(name) === 1).join(' '));
    }
    expect(trained).toEqual(['head', 'head', 'c1 c2 head', 'b1 c1 c2 head', 'a1 b1 c1 c2 head', names.join(' '), names.join(' ')]);
    expect((await begin(4)).report).toEqual({ unfrozenLayers: 3, frozenParameters: 2 });
  });

  it('warns where layers never train', () => {
    expect(driven(gradualUnfreezing({ every: 0.5 }), run).warnings).toEqual([
      "plugin 'gradual-unfreezing': 2 of 5 layers train at the end of the run; a shorter every unfreezes the rest",
    ]);
    expect(driven(gradualUnfreezing({ every: 2 }), run).warnings).toEqual([]);
  });

  it('begins with the block at the top where nothing lies above', async () => {
    const { begin } = driven(gradualUnfreezing({ every: 2, below: ['embedding', 'head'] }), run);
    const { rateScale } = await begin(0);
    expect(names.filter((name) => rateScale(name) === 1)).toEqual(['c1', 'c2']);
  });

  it('never freezes again, never touches other rates, and ends with everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (every) => {
        const { begin } = driven(gradualUnfreezing({ every }), { ...run, total: 60 });
        let before = 0;
        for (let index = 0; index < 60; index++) {
          const { rateScale } = await begin(index, { rateScale: () => 0.25 });
          const rates = names.map(rateScale);
          expect(rates.every((rate) => rate === 0 || rate === 0.25)).toBe(true);
          const count = rates.filter((rate) => rate > 0).length;
          expect(count).toBeGreaterThanOrEqual(before);
          before = count;
        }
        expect(before).toBe(names.length);
      }),
      { numRuns: 12 },
    );
  });
});

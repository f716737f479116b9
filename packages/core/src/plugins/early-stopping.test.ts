import { describe, expect, it } from 'vitest';
import { driven } from '../../test/plugin-run.js';
import { earlyStopping, patienceAfter } from './early-stopping.js';

describe('patienceAfter', () => {
  it('follows its table', () => {
    let state = { best: null as number | null, since: 0 };
    const seen = [1, 0.95, 0.85, Number.NaN, 0.8].map((value) => {
      state = patienceAfter(state, value, 'min', 0.1);
      return [state.best, state.since];
    });
    expect(seen).toEqual([
      [1, 0],
      [1, 1],
      [0.85, 0],
      [0.85, 1],
      [0.85, 2],
    ]);
  });
});

const stops = async (options: Partial<Parameters<typeof earlyStopping>[0]>, values: readonly number[]): Promise<number> => {
  const { evalEnd } = driven(earlyStopping({ set: 'dev', metric: 'score', patience: 2, ...options }));
  for (const [i, score] of values.entries()) if ((await evalEnd(i, { score })).stop !== undefined) return i;
  return -1;
};

describe('earlyStopping', () => {
  it.each([
    ['min by default', {}, [3, 2, 2, 2, 1], 3],
    ['as long as it improves', {}, [5, 4, 4, 3, 3, 2], -1],
    ['max', { mode: 'max' }, [1, 2, 1, 2], 3],
    ['patience 1', { patience: 1 }, [1, 2], 1],
    ['small improvements', { minDelta: 0.5 }, [3, 2.8, 2.6], 2],
    ['never a number', {}, [Number.NaN, Number.NaN], 1],
  ] as const)('%s', async (_, options, values, at) => {
    expect(await stops(options, values)).toBe(at);
  });

  it('says why', async () => {
    const { evalEnd, cell } = driven(earlyStopping({ set: 'dev', metric: 'loss', patience: 2 }));
    cell.set({ best: 0.5, since: 1 });
    expect((await evalEnd(7, { loss: 0.6 })).stop).toBe('dev loss has not improved on 0.5 for 2 evaluations');
    expect((await evalEnd(8, { loss: 0.6 }, { stop: 'other' })).stop).toBe('other');
  });

  it('looks at its own set only', async () => {
    const { evalEnd, cell } = driven(earlyStopping({ set: 'dev', metric: 'loss', patience: 1 }));
    await evalEnd(1, { other: 1 }, { set: 'test' });
    expect(cell.get()).toEqual({ best: null, since: 0 });
  });

  it('names the right set', () => {
    expect(() => driven(earlyStopping({ set: 'tets', metric: 'loss', patience: 1 }))).toThrow(/did you mean 'test'/);
  });
});

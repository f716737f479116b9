import { describe, expect, it } from 'vitest';
import { driven, stepsWhere } from '../../test/plugin-run.js';
import { checkpoints } from './checkpoints.js';

const best = { set: 'dev', metric: 'loss', mode: 'min' } as const;
const asked = (options: Parameters<typeof checkpoints>[0], total = 10): Promise<number[]> => {
  const { end } = driven(checkpoints(options), { total });
  return stepsWhere(total, async (index) => (await end(index)).checkpoint);
};

describe('checkpoints', () => {
  it.each([
    [{ every: 4 }, [3, 7]],
    [{ every: 0.5 }, [4, 9]],
    [{ every: 0.001 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [{ every: 100 }, []],
  ])('with %o asks after steps %o', async (options, steps) => {
    expect(await asked(options)).toEqual(steps);
  });

  it('does not take back what another plugin asked for', async () => {
    expect((await driven(checkpoints({ every: 4 })).end(0, { checkpoint: true })).checkpoint).toBe(true);
  });

  it('asks whenever the metric is better than ever', async () => {
    const { evalEnd, cell } = driven(checkpoints({ every: 100, best }));
    const seen: boolean[] = [];
    for (const loss of [3, 3, Number.NaN, 2, 2.5, 1]) seen.push((await evalEnd(1, { loss })).checkpoint);
    expect(seen).toEqual([true, false, false, true, false, true]);
    expect(cell.get()).toEqual({ best: 1 });
  });

  it('looks at its own set only, and leaves the requests of others', async () => {
    const { evalEnd } = driven(checkpoints({ every: 100, best }));
    expect((await evalEnd(1, { loss: 1 }, { set: 'test' })).checkpoint).toBe(false);
    expect((await evalEnd(1, { loss: 1 })).checkpoint).toBe(true);
    expect((await evalEnd(1, { loss: 5 }, { checkpoint: true })).checkpoint).toBe(true);
  });

  it('states the retention that goes with each checkpoint', () => {
    expect(checkpoints({ every: 1, keep: 3, best }).retention).toEqual({ keep: 3, best });
    expect(checkpoints({ every: 1 }).retention).toEqual({});
  });

  it('names the right set and metric', async () => {
    expect(() => driven(checkpoints({ every: 1, best: { ...best, set: 'dew' } }))).toThrow(/no evaluation set 'dew'; did you mean 'dev'/);
    await expect(driven(checkpoints({ every: 1, best })).evalEnd(1, { los: 1 })).rejects.toMatchObject({
      code: 'HOOKLINE_METRIC',
      hint: "did you mean 'los'?",
    });
  });

  it.each([{}, { every: 0 }, { every: 1.5 }, { every: 1, keep: 0 }, { every: 1, best: { set: 'dev', metric: 'loss' } }])('refuses %o', (options) => {
    expect(() => checkpoints(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

import { describe, expect, it } from 'vitest';
import { driven, stepsWhere } from '../../test/plugin-run.js';
import { evaluateEvery } from './evaluate-every.js';

describe('evaluateEvery', () => {
  it.each([
    [{ steps: 4 }, [3, 7, 9]],
    [{ steps: 4, atStart: true, atEnd: false }, [0, 3, 7]],
    [{ steps: 0.2 }, [1, 3, 5, 7, 9]],
    [{ steps: 50 }, [9]],
  ])('with %o evaluates after steps %o', async (options, steps) => {
    const { end } = driven(evaluateEvery(options));
    expect(await stepsWhere(10, async (index) => (await end(index)).evaluate.length > 0)).toEqual(steps);
  });

  it('asks for all sets, or for those named, once each', async () => {
    expect((await driven(evaluateEvery({ steps: 1 })).end(0)).evaluate).toEqual(['dev', 'test']);
    expect((await driven(evaluateEvery({ steps: 1, sets: ['test'] })).end(0, { evaluate: ['dev', 'test'] })).evaluate).toEqual(['dev', 'test']);
  });

  it('names the right set', () => {
    expect(() => driven(evaluateEvery({ steps: 1, sets: ['dve'] }))).toThrow(/no evaluation set 'dve'; did you mean 'dev'/);
  });
});

import { describe, expect, it } from 'vitest';
import { block, recordedWeights } from '../../test/plugin-run.js';
import { parameterDepths, parametersByBlock } from './parameter-groups.js';

const blocks = [block('a', ['a1', 'a2']), block('b', ['b1'])];

it('groups by block, the rest last, without empty groups', () => {
  expect([...parametersByBlock(['head', 'a2', 'b1', 'a1', 'embedding'], blocks)]).toEqual([
    ['a', ['a2', 'a1']],
    ['b', ['b1']],
    ['outside', ['head', 'embedding']],
  ]);
  expect([...parametersByBlock(['b1'], blocks)]).toEqual([['b', ['b1']]]);
});

describe('parameterDepths', () => {
  const weights = recordedWeights(['embedding', 'position', 'a1', 'a2', 'norm', 'b1', 'head']);
  const depths = (placement: Parameters<typeof parameterDepths>[1]) => [...parameterDepths('test', placement, { blocks, weights }).values()];

  it.each<[string, Parameters<typeof parameterDepths>[1], number[]]>([
    ['by the order of the parameters', {}, [0, 0, 1, 1, 3, 2, 3]],
    ['what lies below', { below: ['embedding', 'norm'] }, [0, 3, 1, 1, 0, 2, 3]],
    ['what lies above', { above: 'position' }, [0, 3, 1, 1, 3, 2, 3]],
    ['both', { below: 'head', above: ['*ing', 'norm'] }, [3, 3, 1, 1, 3, 2, 0]],
  ])('places %s', (_, placement, expected) => {
    expect(depths(placement)).toEqual(expected);
  });

  it('has only below and above where there are no blocks', () => {
    expect([...parameterDepths('test', { below: 'embedding' }, { blocks: [], weights }).values()]).toEqual([0, 1, 1, 1, 1, 1, 1]);
    expect([...parameterDepths('test', {}, { blocks: [], weights }).values()]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('refuses a pattern that fits none outside the blocks', () => {
    expect(() => depths({ below: 'a1' })).toThrow(expect.objectContaining({ code: 'HOOKLINE_SELECTION' }));
  });
});

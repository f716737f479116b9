import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block } from '../../test/plugin-run.js';
import { type BlockSelection, blockSelectionSchema, chosenBlocks, matching } from './selection.js';

const blocks = ['encoder.0', 'encoder.1', 'encoder.2', 'decoder.0', 'decoder.1'].map((name) => block(name));
const chosen = (selection: BlockSelection): string[] => [...chosenBlocks('test', selection, blocks)];

describe('chosenBlocks', () => {
  it.each<[string, BlockSelection, string[]]>([
    ['all', 'all', blocks.map(({ name }) => name)],
    ['a name', 'encoder.1', ['encoder.1']],
    ['a pattern', 'decoder.*', ['decoder.0', 'decoder.1']],
    ['names and patterns', ['*.0', 'encoder.2'], ['encoder.0', 'decoder.0', 'encoder.2']],
    ['the first', { first: 2 }, ['encoder.0', 'encoder.1']],
    ['none', { first: 0 }, []],
    ['the last', { last: 2 }, ['decoder.0', 'decoder.1']],
    ['the last none', { last: 0 }, []],
    ['every second', { every: 2 }, ['encoder.0', 'encoder.2', 'decoder.1']],
    ['a function', ({ name }, index) => name.startsWith('decoder') || index === 1, ['encoder.1', 'decoder.0', 'decoder.1']],
  ])('%s', (_, selection, expected) => {
    expect(chosen(blockSelectionSchema.parse(selection))).toEqual(expected);
  });

  it.each<[BlockSelection, RegExp]>([
    ['encoder.O', /has no block 'encoder\.O'.*there are: encoder\.0, /],
    [['encoder.0', 'encoderX0'], /has no block 'encoderX0'/],
    [{ first: 6 }, /6 blocks are chosen, and the learner has 5/],
    [{ last: 9 }, /9 blocks are chosen/],
  ])('refuses %o', (selection, message) => {
    expect(() => chosen(selection)).toThrow(message);
    expect(() => chosen(selection)).toThrow(expect.objectContaining({ code: 'HOOKLINE_SELECTION' }));
  });

  it.each([{ every: 0 }, { first: -1 }, { first: 1, last: 1 }, [], '', 3, {}])('has no selection %o', (selection) => {
    expect(blockSelectionSchema.safeParse(selection).success).toBe(false);
  });
});

describe('matching', () => {
  it('takes every character but the star as itself', () => {
    const name = fc.stringMatching(/^[a-z.+?()[\]{}|^$\\-]{1,8}$/);
    fc.assert(
      fc.property(name, name, fc.integer({ min: 0, max: 8 }), (one, other, cut) => {
        expect([...matching('test', 'block', one, [one, other])]).toEqual([...new Set([one, ...(one === other ? [other] : [])])]);
        const at = Math.min(cut, one.length);
        expect(matching('test', 'block', `${one.slice(0, at)}*${one.slice(at)}`, [one, other]).has(one)).toBe(true);
      }),
    );
  });
});

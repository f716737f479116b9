import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPlainJson, toPlainJson } from './plain-json.js';

const through = (value: unknown): unknown => fromPlainJson(JSON.parse(JSON.stringify(toPlainJson(value, 'it'))));

describe('toPlainJson', () => {
  it('comes back unchanged through JSON', () => {
    const leaf = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('tree')), fc.dictionary(fc.string(), tie('tree'), { noNullPrototype: true })),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(through(value)).toEqual(value);
      }),
    );
  });

  it('keeps numbers that JSON cannot write', () => {
    const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0];
    expect(through({ numbers })).toEqual({ numbers });
  });

  it('leaves out keys without a value', () => {
    expect(through({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
  });

  it.each([
    ['a Map', { a: [new Map()] }, 'state.a[0] holds a value of type Map'],
    ['an array of numbers in memory', { a: new Float64Array(1) }, 'state.a holds a value of type Float64Array'],
    ['a bigint', 1n, 'state holds a value of type bigint'],
    ['a function', { f: () => 1 }, 'state.f holds a value of type function'],
    ['an undefined item', [undefined], 'state[0] holds a value of type undefined'],
    ['the mark itself', { a: { '~number': 'NaN' } }, 'state.a holds a value of type Object'],
  ])('refuses %s', (_, value, message) => {
    expect(() => toPlainJson(value, 'state')).toThrow(message);
    expect(() => toPlainJson(value, 'state')).toThrow(expect.objectContaining({ code: 'HOOKLINE_STATE' }));
  });
});

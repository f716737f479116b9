import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingTokens } from '../../test/synthetic-corpus.js';
import { isHeldOut, splitTokens } from './split.js';
import type { TokenStore } from './token-store.js';

const ids = (tokens: TokenStore): number[][] => Array.from({ length: tokens.documents }, (_, d) => [...tokens.slice(d, 0, tokens.length(d))]);

it('holds out a share of the documents, spread evenly', () => {
  const chosen = Array.from({ length: 100 }, (_, d) => d).filter((d) => isHeldOut(d, 0.05));
  expect(chosen).toEqual([9, 29, 49, 69, 89]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (documents, fraction) => {
      const count = Array.from({ length: documents }, (_, d) => isHeldOut(d, fraction)).filter(Boolean).length;
      expect(Math.abs(count - documents * fraction)).toBeLessThanOrEqual(0.5 + 1e-9);
    }),
  );
});

describe('splitTokens', () => {
  it('puts every token on exactly one side', () => {
    const documents = fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(documents, fc.constantFrom(0.05, 0.1, 0.5), (lengths, fraction) => {
        const tokens = countingTokens([[30], ...lengths]);
        const { train, heldOut } = splitTokens(tokens, fraction);
        const both = [...ids(train), ...ids(heldOut)].flat().sort((a, b) => a - b);
        expect(both).toEqual(Array.from({ length: tokens.tokens }, (_, i) => i + 5));
      }),
    );
  });

  it('holds out the ends of the documents where they are few', () => {
    const { train, heldOut } = splitTokens(countingTokens([[20], [40]]), 0.1);
    expect(ids(train).map((one) => one.length)).toEqual([18, 36]);
    expect(ids(heldOut)).toEqual([
      [23, 24],
      [61, 62, 63, 64],
    ]);
  });

  it('holds out what is chosen', () => {
    const { train, heldOut } = splitTokens(countingTokens([[1], [1], [1]]), (document) => document === 1);
    expect([ids(train), ids(heldOut)]).toEqual([[[5], [7]], [[6]]]);
  });

  it('says which side is empty', () => {
    expect(() => splitTokens(countingTokens([[1], [1]]), () => false)).toThrow(/2 documents of 2 tokens leave nothing to hold out/);
    expect(() => splitTokens(countingTokens([[1], [1]]), () => true)).toThrow(/leave nothing to train on/);
    expect(() => splitTokens(countingTokens([[2]]), 0.1)).toThrow(expect.objectContaining({ code: 'HOOKLINE_CORPUS' }));
  });
});

import { uniform } from '@hookline/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vocabulary } from '../../test/synthetic-corpus.js';
import { type MaskedRow, masker } from './masking.js';

const V = 60;
const emptyRow = (P: number): MaskedRow => ({ positions: new Int32Array(P), ids: new Int32Array(P), weights: new Float32Array(P) });
const isSpecial = (id: number): boolean => id < 5;

const rows = fc.record({
  tokens: fc.array(fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 5, max: V - 1 }) }, { weight: 1, arbitrary: fc.constantFrom(1, 3, 4) }), {
    maxLength: 60,
  }),
  padding: fc.integer({ min: 0, max: 10 }),
  maskedPerRow: fc.integer({ min: 1, max: 20 }),
  maskProbability: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
  wholeWord: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1000 }),
});

it('masks distinct positions in order, keeps what stood there, and leaves special tokens and the rest alone', () => {
  fc.assert(
    fc.property(rows, ({ tokens, padding, maskedPerRow, maskProbability, wholeWord, seed }) => {
      const before = Int32Array.from([2, ...tokens, 3, ...new Array<number>(padding).fill(0)]);
      const row = before.slice();
      const masked = emptyRow(maskedPerRow);
      const length = tokens.length + 2;
      const count = masker(vocabulary(V), { maskedPerRow, maskProbability, wholeWord })(row, length, (i) => uniform(seed, 'test', 0, i), masked);
      const positions = [...masked.positions.subarray(0, count)];
      const wanted = Math.min(maskedPerRow, Math.max(1, Math.round(length * maskProbability)));
      const maskable = tokens.filter((id) => !isSpecial(id)).length;

      expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
      expect(positions.every((position) => position < length && !isSpecial(before[position]!))).toBe(true);
      expect(positions.map((position) => before[position])).toEqual([...masked.ids.subarray(0, count)]);
      expect([...masked.weights]).toEqual(Array.from({ length: maskedPerRow }, (_, i) => (i < count ? 1 : 0)));
      expect([...masked.positions.subarray(count), ...masked.ids.subarray(count)].every((value) => value === 0)).toBe(true);
      if (wholeWord) {
        expect(count).toBeLessThanOrEqual(wanted);
        expect(count > 0).toBe(maskable > 0);
      } else expect(count).toBe(Math.min(wanted, maskable));

      row.forEach((id, position) => {
        if (!positions.includes(position)) expect(id).toBe(before[position]);
        else expect(id === 4 || !isSpecial(id)).toBe(true);
      });
    }),
    { numRuns: 300 },
  );
});

describe('over many rows', () => {
  const tokens = 60;
  const runs = 4000;
  const outcome = { mask: 0, random: 0, kept: 0 };
  const replaced = new Float64Array(V);
  const chosen = new Float64Array(tokens + 2);
  const mask = masker(vocabulary(V), { maskedPerRow: 10, maskProbability: 0.15, wholeWord: false });
  for (let example = 0; example < runs; example++) {
    const before = Int32Array.from([2, ...Array.from({ length: tokens }, (_, i) => 5 + ((example + i) % (V - 5))), 3]);
    const row = before.slice();
    const masked = emptyRow(10);
    const count = mask(row, row.length, (i) => uniform(7, 'test', 0, example * 1000 + i), masked);
    for (const position of masked.positions.subarray(0, count)) {
      chosen[position]!++;
      if (row[position] === 4) outcome.mask++;
      else if (row[position] === before[position]) outcome.kept++;
      else {
        outcome.random++;
        replaced[row[position]!]!++;
      }
    }
  }
  const total = outcome.mask + outcome.random + outcome.kept;
  /** Five standard deviations of a share. */
  const bound = (p: number, n: number): number => 5 * Math.sqrt((p * (1 - p)) / n);

  it('masks 80 %, replaces 10 %, keeps 10 %', () => {
    expect(total).toBe(runs * 9); // round(62 · 0.15)
    expect(Math.abs(outcome.mask / total - 0.8)).toBeLessThan(bound(0.8, total));
    const changed = 0.1 * (1 - 1 / (V - 5)); // a random token may be the one that stood there
    expect(Math.abs(outcome.random / total - changed)).toBeLessThan(bound(changed, total));
  });

  it('replaces by every token alike, special ones excepted', () => {
    expect([...replaced.subarray(0, 5)]).toEqual([0, 0, 0, 0, 0]);
    const share = 1 / (V - 5);
    for (const count of replaced.subarray(5)) expect(Math.abs(count / outcome.random - share)).toBeLessThan(bound(share, outcome.random));
  });

  it('chooses every position alike', () => {
    for (const count of chosen.subarray(1, tokens + 1)) expect(Math.abs(count / runs - 9 / tokens)).toBeLessThan(bound(9 / tokens, runs));
  });
});

describe('whole words', () => {
  const before = Int32Array.from([2, 5, 6, 9, 7, 12, 8, 10, 15, 18, 21, 11, 3]); // words 5·6·9, 7·12, 8, 10·15·18·21, 11
  const words = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10], [11]];
  const positionsOf = (row: Int32Array, seed: number, maskProbability: number): number[] => {
    const masked = emptyRow(6);
    const count = masker(vocabulary(V), { maskedPerRow: 6, maskProbability, wholeWord: true })(row, row.length, (i) => uniform(seed, 'w', 0, i), masked);
    return [...masked.positions.subarray(0, count)];
  };

  it('are masked with all their pieces or not at all', () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const positions = positionsOf(before.slice(), seed, 0.4);
      for (const word of words) expect(word.filter((position) => positions.includes(position)).length).toSatisfy((n) => n === 0 || n === word.length);
      for (const position of positions) seen.add(position);
    }
    expect(seen.size).toBe(11);
  });

  it('longer than what may be masked are begun, where the row has no other', () => {
    expect(positionsOf(Int32Array.from([2, 5, 6, 9, 12, 15, 3]), 1, 0.3)).toEqual([1, 2]);
  });

  it('do not reach over a special token', () => {
    const positions = new Set(Array.from({ length: 50 }, (_, seed) => positionsOf(Int32Array.from([2, 5, 3, 6, 3]), seed, 0.2).join()));
    expect(positions).toEqual(new Set(['1', '3']));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allPatterns } from '../test/patterns.js';
import { enumeratedMarginals, forcedProbabilities, independentMarginals, raiseToFloor } from './floor.js';
import { byBlock, eachGate } from './sampling.js';

describe('the floor on active blocks', () => {
  it('opens the lowest closed blocks until there are enough', () => {
    expect(raiseToFloor([false, false, true, false], 2)).toEqual([true, false, true, false]);
    expect(raiseToFloor([true, false, false, false], 3)).toEqual([true, true, true, false]);
    expect(raiseToFloor([false, true, false, true], 2)).toEqual([false, true, false, true]);
    expect(raiseToFloor([false, false], 0)).toEqual([false, false]);
    expect(raiseToFloor([false, false], 2)).toEqual([true, true]);
  });

  it('has marginals worked out by hand for two blocks', () => {
    // One of two must run: block 1 also runs when both are drawn closed.
    expect(forcedProbabilities([0.5, 0.25], 1)).toEqual([0.75, 0]);
    expect(independentMarginals([0.5, 0.25], [1, 1], 1)).toEqual({ blocks: [0.5 + 0.5 * 0.75, 0.25], gates: [0.875, 0.25] });
    expect(forcedProbabilities([0.5, 0.25], 2)).toEqual([1, 1]);
    expect(independentMarginals([0.5, 0.25], [1, 1], 0)).toEqual({ blocks: [0.5, 0.25], gates: [0.5, 0.25] });
  });
});

const keep = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 });

it('marginals after the floor are those over all 2^n patterns, gates by branch included', () => {
  fc.assert(
    fc.property(keep, fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 5, maxLength: 5 }), fc.nat({ max: 5 }), (keep, sizes, floor) => {
      const minimum = Math.min(floor, keep.length);
      const counts = keep.map((_, i) => sizes[i]!);
      const blocks = keep.map(() => 0);
      const gates = keep.map(() => 0);
      for (const { weight, open } of allPatterns(eachGate(keep, counts))) {
        const drawn = byBlock(open, counts);
        const runs = raiseToFloor(
          drawn.map((inside) => inside.some(Boolean)),
          minimum,
        );
        expect(runs.filter(Boolean).length).toBeGreaterThanOrEqual(minimum);
        runs.forEach((on, i) => {
          if (!on) return;
          blocks[i]! += weight;
          if (drawn[i]![0] || !drawn[i]!.some(Boolean)) gates[i]! += weight; // the first gate of the block
        });
      }
      const exact = independentMarginals(keep, counts, minimum);
      const enumerated = enumeratedMarginals([...allPatterns(eachGate(keep, counts))], counts, minimum);
      keep.forEach((_, i) => {
        expect(exact.blocks[i]).toBeCloseTo(blocks[i]!, 12);
        expect(exact.gates[i]).toBeCloseTo(gates[i]!, 12);
        expect(enumerated.blocks[i]).toBeCloseTo(blocks[i]!, 12);
        expect(enumerated.gates[i]).toBeCloseTo(gates[i]!, 12);
      });
    }),
  );
});

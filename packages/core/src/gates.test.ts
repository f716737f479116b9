import fc from 'fast-check';
import { expect, test } from 'vitest';
import { activeBlocks, type BlockInfo, type BranchGate, type Gates, mergeGates, openGates } from './gates.js';
import { settleGates } from './hooks/gate-rules.js';

const blocks: readonly BlockInfo[] = [['a', 'b'], [], ['a'], ['a', 'b', 'c']].map((branches, i) => ({ name: `block.${i}`, branches, parameters: [], cost: 1 }));
const open = openGates(blocks);

/** Gains are powers of two, so that products are exact in any order. */
const branchGate: fc.Arbitrary<BranchGate> = fc.record({ active: fc.boolean(), gain: fc.integer({ min: -3, max: 3 }).map((power) => 2 ** power) });
const plan: fc.Arbitrary<Gates> = fc
  .tuple(
    ...blocks.map(({ name, branches }) =>
      fc.record({
        name: fc.constant(name),
        active: fc.boolean(),
        gain: branchGate.map((gate) => gate.gain),
        branches: fc.record(Object.fromEntries(branches.map((b) => [b, branchGate]))),
      }),
    ),
  )
  .map(settleGates);

test('merging is commutative and associative, and the open plan is neutral', () => {
  fc.assert(
    fc.property(plan, plan, plan, (a, b, c) => {
      expect(mergeGates(a, b)).toEqual(mergeGates(b, a));
      expect(mergeGates(mergeGates(a, b), c)).toEqual(mergeGates(a, mergeGates(b, c)));
      expect(mergeGates(open, a)).toEqual(a);
      expect(mergeGates(a, open)).toEqual(a);
    }),
  );
});

test('merging only closes, multiplies gains, and closes a block none of whose branches runs', () => {
  fc.assert(
    fc.property(plan, plan, (a, b) => {
      mergeGates(a, b).forEach((gate, i) => {
        const [x, y] = [a[i]!, b[i]!];
        const inside = Object.entries(gate.branches);
        for (const [name, branch] of inside)
          expect(branch).toEqual({ active: x.branches[name]!.active && y.branches[name]!.active, gain: x.branches[name]!.gain * y.branches[name]!.gain });
        expect(gate.gain).toBe(x.gain * y.gain);
        expect(gate.active).toBe(x.active && y.active && (inside.length === 0 || inside.some(([, branch]) => branch.active)));
      });
    }),
  );
});

test('a plan is frozen through', () => {
  const deeply = (value: object): boolean =>
    Object.isFrozen(value) && Object.values(value).every((inner) => typeof inner !== 'object' || deeply(inner as object));
  expect(deeply(open)).toBe(true);
  expect(deeply(mergeGates(open, open))).toBe(true);
  expect(deeply(settleGates(structuredClone(open) as Gates))).toBe(true);
});

test('a plan without merging is settled too', () => {
  const byHand = structuredClone(open).map((gate) => ({
    ...gate,
    branches: Object.fromEntries(Object.keys(gate.branches).map((b) => [b, { active: b === 'c', gain: 2 }])),
  }));
  expect(settleGates(byHand).map((gate) => gate.active)).toEqual([false, true, false, true]);
  expect(settleGates(byHand)[3]!.branches).toEqual({ a: { active: false, gain: 2 }, b: { active: false, gain: 2 }, c: { active: true, gain: 2 } });
  const settled = settleGates(byHand);
  expect(settleGates(settled)).toBe(settled);
});

test('a branch that the second plan does not name is open in it', () => {
  expect(
    mergeGates(
      open,
      open.map((gate) => ({ ...gate, branches: {} })),
    ),
  ).toEqual(open);
});

test.each<[string, Gates, string]>([
  ['too short', open.slice(1), 'a plan of 3 gates does not fit 4 blocks'],
  ['another order', [...open].reverse(), "gate 0 is planned for 'block.3' where the block is 'block.0'"],
])('a plan that is %s does not merge', (_, other, words) => {
  expect(() => mergeGates(open, other)).toThrow(words);
  expect(() => mergeGates(open, other)).toThrow(expect.objectContaining({ code: 'HOOKLINE_GATES' }));
});

test('active blocks are counted', () => {
  expect(activeBlocks(open)).toBe(4);
  expect(activeBlocks(open.map((gate, i) => ({ ...gate, active: i === 2 })))).toBe(1);
});

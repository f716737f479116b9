import { type BlockInfo, type Gates, uniform } from '@hookline/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oracle } from '../test/oracle.js';
import { allPatterns, transformerBlocks } from '../test/patterns.js';
import { equalBlocks, keepAt, makeDropping, marginalsAt, thetaAt } from './dropping.js';
import type { PldOptions } from './options.js';
import { expectedGates, planGates, planOf } from './plan.js';
import { eachGate, systematicPatterns } from './sampling.js';
import { matchedDropping } from './saving.js';

/** The output of a linear network for input 1, where every branch F(x) = w x and a block without branches is B(x) = (1 + w) x. */
function output(gates: Gates, w = 1): number {
  return gates.reduce((x, gate) => {
    if (!gate.active) return x;
    const inside = Object.values(gate.branches);
    const whole = inside.length === 0 ? x + w * x : inside.reduce((h, branch) => (branch.active ? h + branch.gain * w * h : h), x);
    return x + gate.gain * (whole - x);
  }, 1);
}

const dense = (blocks: readonly BlockInfo[], w = 1) => (1 + w) ** blocks.reduce((sum, block) => sum + Math.max(1, block.branches.length), 0);

/** Mean over every pattern of draws, each with its probability, of the network's output; with the outputs. */
function overPatterns(options: PldOptions, blocks: readonly BlockInfo[], w = 1) {
  const dropping = makeDropping({ schedule: 'constant', ...options }, { blocks, steps: 10 });
  const units = eachGate(keepAt(dropping, thetaAt(dropping, 0)), dropping.gateCounts);
  const outcomes = [...allPatterns(units)].map(({ weight, draw }) => ({ weight, value: output(planOf(dropping, 0, draw).gates, w) }));
  return { mean: outcomes.reduce((sum, { weight, value }) => sum + weight * value, 0), values: outcomes.map(({ value }) => value).sort((a, b) => a - b) };
}

describe('the mean over all gate patterns of a linear network', () => {
  const one = transformerBlocks(1, 'pre');
  const case1 = oracle.unbiasedScalarCase;

  it('is 5 where the dense block gives 4, with a shared gate and 1/p on both branches (the paper)', () => {
    const { mean, values } = overPatterns({ thetaBar: 0.5 }, one);
    expect({ mean, values }).toEqual(case1.sharedGate_scaleBothSublayers);
    expect([mean, dense(one)]).toEqual([5, case1.dense]);
  });

  it('is that of the dense block with a gate for each branch', () => {
    expect(overPatterns({ thetaBar: 0.5, gates: 'branch' }, one)).toEqual(case1.independentGates);
  });

  it('is that of the dense block with the factor on the whole block', () => {
    expect(overPatterns({ thetaBar: 0.5, scaling: 'block' }, one)).toEqual(case1.wholeBlockResidual);
  });

  it.each<[string, PldOptions, BlockInfo[]]>([
    ['whole block, paper', { thetaBar: 0.4, scaling: 'block' }, transformerBlocks(5, 'pre')],
    ['whole block, algorithm1', { thetaBar: 0.3, scaling: 'block', convention: 'algorithm1' }, transformerBlocks(5, 'pre')],
    ['whole block, a list of shares', { thetaBar: 0.3, scaling: 'block', profile: [1, 0, 0.5] }, transformerBlocks(3)],
    ['branch gates, paper', { thetaBar: 0.6, gates: 'branch' }, transformerBlocks(4, 'pre')],
    ['branch gates, algorithm1', { thetaBar: 0.2, gates: 'branch', convention: 'algorithm1' }, transformerBlocks(4, 'pre')],
    ['blocks without branches', { thetaBar: 0.5 }, equalBlocks(6)],
    ['blocks without branches, by branch', { thetaBar: 0.5, scaling: 'branch', gates: 'branch' }, equalBlocks(6)],
    ['LayerNorm first, no branches', { thetaBar: 0.5 }, equalBlocks(4).map((block): BlockInfo => ({ ...block, norm: 'pre' }))],
  ])('is that of the dense network: %s', (_, options, blocks) => {
    for (const w of [1, 0.3, -0.5]) expect(overPatterns(options, blocks, w).mean / dense(blocks, w)).toBeCloseTo(1, 12);
  });

  it('is the product over the blocks of 1 + 2w + w²/p with a shared gate and 1/p on both branches', () => {
    const keep = [0.9, 0.8, 0.7, 0.6, 0.5];
    for (const w of [1, 0.3]) {
      const biased = keep.reduce((product, p) => product * (1 + 2 * w + (w * w) / p), 1);
      expect(overPatterns({ thetaBar: 0.5 }, transformerBlocks(5, 'pre'), w).mean / biased).toBeCloseTo(1, 12);
    }
  });

  it("carries deepspeed's mismatch: each branch gains keep · scale on average", () => {
    const gains = [1 / 0.75, 0.75 / 0.5];
    const expected = gains.reduce((product, gain) => product * (1 + gain), 1);
    expect(overPatterns({ thetaBar: 0, convention: 'deepspeed', profile: (x) => x / 2 }, equalBlocks(2)).mean).toBeCloseTo(expected, 12);
  });

  it('is smaller than dense by the keep probabilities without scaling', () => {
    expect(overPatterns({ thetaBar: 0.5, scaling: 'none' }, equalBlocks(2)).mean).toBeCloseTo(1.75 * 1.5, 12);
    expect(overPatterns({ thetaBar: 0.5 }, transformerBlocks(1, 'post')).values).toEqual([1, 4]);
  });
});

describe('gates', () => {
  const names = (gates: Gates) => gates.map((gate) => gate.name);

  it('are one draw a block, shared by its branches, with 1/p on each branch', () => {
    const blocks = transformerBlocks(4, 'pre');
    const draws = [0.87, 0.76, 0.62, 0.6];
    const gates = planGates({ schedule: 'constant' }, { blocks, steps: 10, step: 3, draw: (index) => draws[index]! });
    expect(names(gates)).toEqual(['layer.0', 'layer.1', 'layer.2', 'layer.3']);
    expect(gates.map((gate) => gate.active)).toEqual([true, false, true, false]);
    expect(gates.map((gate) => gate.gain)).toEqual([1, 1, 1, 1]);
    expect(gates[2]).toEqual({
      name: 'layer.2',
      active: true,
      gain: 1,
      branches: { attention: { active: true, gain: 1.6 }, ffn: { active: true, gain: 1.6 } },
    });
    expect(gates[3]!.branches).toEqual({ attention: { active: false, gain: 2 }, ffn: { active: false, gain: 2 } });
  });

  it('are one draw a branch, counted over the blocks', () => {
    const blocks = [...transformerBlocks(2, 'pre'), ...equalBlocks(1)];
    const draws = [0, 0.99, 0.99, 0.99, 0.4];
    const gates = planGates({ schedule: 'constant', gates: 'branch' }, { blocks, steps: 10, step: 0, draw: (index) => draws[index]! });
    expect(gates.map((gate) => [gate.active, Object.values(gate.branches).map((branch) => branch.active)])).toEqual([
      [true, [true, false]],
      [false, [false, false]],
      [true, []],
    ]);
    expect(gates.map((gate) => gate.gain)).toEqual([1, 1, 2]);
    expect(gates[0]!.branches['attention']!.gain).toBeCloseTo(1.2, 12);
  });

  it('follow theta over the run: all open at step 0', () => {
    const at = { blocks: equalBlocks(12), steps: 100, draw: () => 1 - 2 ** -53 };
    expect(planGates({}, { ...at, step: 0 }).every((gate) => gate.active && gate.gain === 1)).toBe(true);
    expect(planGates({}, { ...at, step: 50 }).some((gate) => gate.active)).toBe(false);
  });

  it('lay the scale of the convention on whole blocks', () => {
    const at = { blocks: equalBlocks(4), steps: 10, step: 0, draw: () => 0 };
    for (const { convention, scale } of oracle.keepProbabilities.filter((one) => one.L === 3 && one.theta === 0.5)) {
      const gates = planGates({ schedule: 'constant', convention }, { ...at, blocks: equalBlocks(3) });
      for (const [i, gate] of gates.entries()) expect(gate.gain).toBeCloseTo(scale[i]!, 12);
    }
  });

  it('keep the gain finite where a block is never kept', () => {
    const gates = planGates({ schedule: 'constant', thetaBar: 0, convention: 'deepspeed' }, { blocks: equalBlocks(2), steps: 10, step: 0, draw: () => 0 });
    expect(gates.map((gate) => gate.gain)).toEqual([2, 2]);
    const paper = planGates({ schedule: 'constant', thetaBar: 0 }, { blocks: equalBlocks(2), steps: 10, step: 0, draw: () => 0 });
    expect(paper.map((gate) => [gate.active, gate.gain])).toEqual([
      [true, 2],
      [false, 1],
    ]);
  });

  it('take their gains from the probabilities after the floor, so that the whole-block form stays unbiased in each block', () => {
    const blocks = equalBlocks(3);
    const options: PldOptions = { schedule: 'constant', thetaBar: 0.3, minimumActive: 2 };
    const dropping = makeDropping(options, { blocks, steps: 10 });
    const keep = keepAt(dropping, 0.3);
    const mean = [0, 0, 0];
    for (const { weight, draw } of allPatterns(keep)) {
      const { gates, expectedActive } = planOf(dropping, 0, draw);
      const active = gates.filter((gate) => gate.active).length;
      expect(active).toBeGreaterThanOrEqual(2);
      expect(expectedActive).toBeGreaterThan(2);
      gates.forEach((gate, i) => {
        if (gate.active) mean[i]! += weight * gate.gain;
      });
    }
    for (const value of mean) expect(value).toBeCloseTo(1, 12);
  });

  it("keep deepspeed's mean gain under a floor", () => {
    const options: PldOptions = { schedule: 'constant', thetaBar: 0.3, minimumActive: 2, convention: 'deepspeed' };
    const dropping = makeDropping(options, { blocks: equalBlocks(3), steps: 10 });
    const { gates } = planOf(dropping, 0, () => 0);
    const marginals = marginalsAt(dropping, 0.3);
    const unfloored = planGates({ ...options, minimumActive: 0 }, { blocks: equalBlocks(3), steps: 10, step: 0, draw: () => 0 });
    const keep = keepAt(dropping, 0.3);
    gates.forEach((gate, i) => {
      expect(gate.gain * marginals.gates[i]!).toBeCloseTo(unfloored[i]!.gain * keep[i]!, 12);
    });
  });

  it('open all branches of a block that the floor opens', () => {
    const gates = planGates(
      { schedule: 'constant', gates: 'branch', minimumActive: 1 },
      { blocks: transformerBlocks(2), steps: 10, step: 0, draw: () => 0.99 },
    );
    expect(gates.map((gate) => Object.values(gate.branches).map((branch) => branch.active))).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it('are unbiased in each block with systematic sampling, floor and branch gates included', () => {
    for (const options of [
      {},
      { minimumActive: 2 },
      { minimumActive: 3, thetaBar: 0.3 },
      { gates: 'branch' as const },
      { gates: 'branch' as const, minimumActive: 3 },
    ]) {
      const blocks = transformerBlocks(4, 'pre');
      const dropping = makeDropping({ schedule: 'constant', thetaBar: 0.2, sampling: 'systematic', ...options }, { blocks, steps: 10 });
      const mean = blocks.map(() => 0);
      let [u, active] = [0, 0];
      for (const { weight } of systematicPatterns(eachGate(keepAt(dropping, dropping.thetaBar), dropping.gateCounts))) {
        const { gates } = planOf(dropping, 0, () => u + weight / 2);
        u += weight;
        gates.forEach((gate, i) => {
          const branch = gate.branches['ffn']!;
          if (gate.active && branch.active) mean[i]! += branch.gain * weight;
        });
        active += gates.filter((gate) => gate.active).length * weight;
      }
      expect(active).toBeCloseTo(planOf(dropping, 0, () => 0).expectedActive, 12);
      for (const value of mean) expect(value).toBeCloseTo(1, 12);
    }
  });
});

describe('growth', () => {
  const active = (options: PldOptions, step: number, blocks = equalBlocks(4)) =>
    planGates(options, {
      blocks,
      steps: 8,
      step,
      draw: () => {
        throw new Error('growth draws nothing');
      },
    }).map((gate) => (gate.active ? gate.gain : 0));

  it('runs the lower blocks first, with gain 1, and draws nothing', () => {
    const trace = [0, 1, 3, 4, 5, 7].map((step) => active({ schedule: 'growth' }, step).join(''));
    expect(trace).toEqual(['1100', '1100', '1110', '1110', '1110', '1111']);
    expect(active({ schedule: { type: 'growth', length: 2 }, thetaBar: 0 }, 0)).toEqual([0, 0, 0, 0]);
    expect(active({ schedule: { type: 'growth', length: 2 }, thetaBar: 0 }, 2)).toEqual([1, 1, 1, 1]);
    expect(active({ schedule: 'growth', thetaBar: 0, minimumActive: 1 }, 0)).toEqual([1, 0, 0, 0]);
    expect(active({ schedule: { type: 'growth', direction: 'down' } }, 7).join('')).toBe('1100');
  });

  it('has gain 1 in the branches too, and counts the blocks that run', () => {
    const dropping = matchedDropping({ schedule: 'growth' }, { blocks: transformerBlocks(4, 'pre'), steps: 8 });
    const { gates, expectedActive, theta } = planOf(dropping, 4, () => 0);
    expect([theta, expectedActive]).toEqual([0.75, 3]);
    expect(gates[2]!.branches).toEqual({ attention: { active: true, gain: 1 }, ffn: { active: true, gain: 1 } });
    expect(gates[3]!.branches).toEqual({ attention: { active: false, gain: 1 }, ffn: { active: false, gain: 1 } });
  });
});

describe('scaling', () => {
  const at = { steps: 10, step: 0, draw: () => 0 };
  const bare = (norm: 'pre' | 'post'): BlockInfo[] => equalBlocks(2).map((block) => ({ ...block, norm }));

  it('is none on PostLN by default', () => {
    const gates = planGates({ schedule: 'constant' }, { ...at, blocks: transformerBlocks(2, 'post') });
    expect(gates.map((gate) => [gate.gain, gate.branches['ffn']!.gain])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(planGates({ schedule: 'constant' }, { ...at, blocks: bare('post') }).map((gate) => gate.gain)).toEqual([1, 1]);
    const asked = planGates({ schedule: 'constant', scaling: 'branch' }, { ...at, blocks: transformerBlocks(2, 'post') });
    expect(asked[1]!.branches['ffn']!.gain).toBe(2);
  });

  it('refuses 1/p on a whole PostLN block', () => {
    const refusal = "block 'layer.0' ends in a LayerNorm (PostLN): a factor on the whole block would scale past it";
    expect(() => planGates({ scaling: 'block' }, { ...at, blocks: transformerBlocks(2, 'post') })).toThrow(refusal);
    expect(() => planGates({ scaling: 'branch' }, { ...at, blocks: bare('post') })).toThrow("block 'block.0' ends in a LayerNorm");
  });

  it('refuses one factor for a block whose branches are gated apart', () => {
    expect(() => planGates({ scaling: 'block', gates: 'branch' }, { ...at, blocks: transformerBlocks(2) })).toThrow(
      "block 'layer.0' has a gate for each branch",
    );
    expect(() => planGates({ scaling: 'block', gates: 'branch' }, { ...at, blocks: equalBlocks(2) })).not.toThrow();
  });
});

it('the evaluation plan of the original stochastic depth runs every block times its keep probability', () => {
  const dropping = makeDropping({ schedule: 'constant' }, { blocks: [...transformerBlocks(1), ...equalBlocks(1)], steps: 10 });
  expect(expectedGates(dropping, 10)).toEqual([
    { name: 'layer.0', active: true, gain: 1, branches: { attention: { active: true, gain: 0.75 }, ffn: { active: true, gain: 0.75 } } },
    { name: 'block.0', active: true, gain: 0.5, branches: {} },
  ]);
  const post: BlockInfo = { ...equalBlocks(1)[0]!, norm: 'post' };
  const unscaled = (blocks: readonly BlockInfo[]) => makeDropping({ schedule: 'constant', scaling: 'none' }, { blocks, steps: 10 });
  expect(() => expectedGates(unscaled([post]), 10)).toThrow("block 'block.0' ends in a LayerNorm");
  expect(expectedGates(unscaled([{ ...post, branches: ['f'] }]), 10)[0]).toMatchObject({ gain: 1, branches: { f: { active: true, gain: 0.5 } } });
});

it('the same seed and step give the same gates; others give others', () => {
  const options = fc.constantFrom<PldOptions>({}, { gates: 'branch' }, { sampling: 'systematic' }, { minimumActive: 3 }, { convention: 'deepspeed' });
  fc.assert(
    fc.property(options, fc.nat(), fc.integer({ min: 0, max: 999 }), (options, seed, step) => {
      const plan = (seed: number) =>
        planGates(options, { blocks: transformerBlocks(12, 'pre'), steps: 1000, step, draw: (index) => uniform(seed, 'pld', step, index) });
      expect(plan(seed)).toEqual(plan(seed));
    }),
  );
  const pattern = (seed: number) =>
    Array.from({ length: 20 }, (_, step) =>
      planGates({ schedule: 'constant' }, { blocks: equalBlocks(6), steps: 20, step, draw: (index) => uniform(seed, 'pld', step, index) }).map(
        (gate) => gate.active,
      ),
    );
  expect(pattern(1)).not.toEqual(pattern(2));
});

describe('refusals have a code and say how to mend it', () => {
  const at = { steps: 10, step: 3, draw: () => 0 };
  const bare = (norm: 'post'): BlockInfo[] => equalBlocks(2).map((block) => ({ ...block, norm }));
  it.each<[string, string, () => unknown]>([
    ['HOOKLINE_OPTIONS', 'lower it', () => planGates({ minimumActive: 3 }, { ...at, blocks: equalBlocks(2) })],
    [
      'HOOKLINE_SCALING',
      "use scaling 'none', or 'branch' where the block declares branches",
      () => planGates({ scaling: 'block' }, { ...at, blocks: bare('post') }),
    ],
    [
      'HOOKLINE_SCALING',
      "use scaling 'branch' (unbiased with independent gates) or gates 'block'",
      () => planGates({ scaling: 'block', gates: 'branch' }, { ...at, blocks: transformerBlocks(2) }),
    ],
    ['HOOKLINE_PROFILE', 'list one share for each block', () => planGates({ profile: [1] }, { ...at, blocks: equalBlocks(2) })],
    ['HOOKLINE_PROFILE', 'answer with a number from 0 to 1', () => planGates({ profile: () => 2 }, { ...at, blocks: equalBlocks(2) })],
    ['HOOKLINE_SCHEDULE', 'answer with a number from 0 to 1', () => planGates({ schedule: () => 2 }, { ...at, blocks: equalBlocks(2) })],
  ])('%s: %s', (code, hint, act) => {
    expect(act).toThrow(expect.objectContaining({ code, hint }));
  });
});

it('a schedule may be a function of the step, down to 0', () => {
  const at = { blocks: equalBlocks(2), steps: 10, draw: () => 0.4 };
  const plan = (step: number) => planGates({ schedule: (step, steps) => 1 - step / steps }, { ...at, step }).map((gate) => [gate.active, gate.gain]);
  expect(plan(5)).toEqual([
    [true, 1 / 0.75],
    [true, 2],
  ]);
  expect(plan(10)).toEqual([
    [true, 2],
    [false, 1],
  ]);
});

it('a floor above the number of blocks is an error', () => {
  expect(() => makeDropping({ minimumActive: 5 }, { blocks: equalBlocks(4), steps: 10 })).toThrow("option 'minimumActive' is 5 and there are 4 blocks");
  expect(() => makeDropping({ minimumActive: 4 }, { blocks: equalBlocks(4), steps: 10 })).not.toThrow();
});

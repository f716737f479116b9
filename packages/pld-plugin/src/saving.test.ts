import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oracle } from '../test/oracle.js';
import { allPatterns, transformerBlocks } from '../test/patterns.js';
import { equalBlocks, keepAt, makeDropping } from './dropping.js';
import { layerDropAsPld } from './layer-drop.js';
import type { PldOptions } from './options.js';
import { planOf } from './plan.js';
import { expectedSaving, matchedDropping, savedAt } from './saving.js';
import { stochasticDepthAsPld } from './stochastic-depth.js';

describe('the expected saving', () => {
  it('is that computed elsewhere, gamma derived or given', () => {
    expect(oracle.computeSavedPercent.length).toBe(35);
    for (const { thetaBar, L, T, gamma, paper, algorithm1 } of oracle.computeSavedPercent) {
      const saved = (options: PldOptions) => 100 * expectedSaving({ thetaBar, ...options }, { depth: L, steps: T });
      expect(Math.abs(saved({ gamma }) - paper)).toBeLessThanOrEqual(1e-12);
      expect(Math.abs(saved({ gamma, convention: 'algorithm1' }) - algorithm1)).toBeLessThanOrEqual(1e-12);
      if (gamma === 100 / T) expect(saved({})).toBe(saved({ gamma }));
    }
  });

  it('is the known table, % by paper and algorithm1', () => {
    const table: [number, ...string[]][] = [
      [0.3, '46.2/23.1', '40.4/28.9', '37.5/31.8', '36.1/33.2'],
      [0.5, '33.0/16.5', '28.9/20.6', '26.8/22.7', '25.8/23.7'],
      [0.7, '19.8/9.9', '17.3/12.4', '16.1/13.6', '15.5/14.2'],
      [0.9, '6.6/3.3', '5.8/4.1', '5.4/4.5', '5.2/4.7'],
    ];
    for (const [thetaBar, ...row] of table) {
      const own = [3, 6, 12, 24].map((depth) =>
        (['paper', 'algorithm1'] as const).map((convention) => (100 * expectedSaving({ thetaBar, convention }, { depth, steps: 10_000 })).toFixed(1)).join('/'),
      );
      expect(own).toEqual(row);
    }
  });

  it('is far less with a fixed gamma on short runs', () => {
    const saved = [1e3, 1e4, 1e5].map((steps) => (100 * expectedSaving({ gamma: 0.001, convention: 'algorithm1' }, { depth: 12, steps })).toFixed(1));
    expect(saved).toEqual(['8.4', '20.6', '22.7']);
  });

  it('is halved by a linear schedule to the same thetaBar', () => {
    const linear = expectedSaving({ schedule: 'linear' }, { depth: 12, steps: 10_000 });
    expect(linear / expectedSaving({ schedule: 'constant' }, { depth: 12, steps: 10_000 })).toBeCloseTo(0.5, 3);
  });

  it('is p for LayerDrop and (1 - p_L)(L + 1) / 2L for stochastic depth', () => {
    expect(expectedSaving(layerDropAsPld(), { depth: 12, steps: 100 })).toBeCloseTo(0.2, 12);
    expect(expectedSaving(layerDropAsPld({ p: 0.35 }), { depth: 12, steps: 100 })).toBeCloseTo(0.35, 12);
    expect(expectedSaving(stochasticDepthAsPld(), { depth: 12, steps: 100 })).toBeCloseTo((0.5 * 13) / 24, 12);
    expect(expectedSaving(stochasticDepthAsPld({ finalSurvival: 0.8, scaling: 'evaluation' }), { depth: 12, steps: 100 })).toBeCloseTo((0.2 * 13) / 24, 12);
  });

  it('weights blocks by their cost, whatever the gates', () => {
    const blocks = transformerBlocks(2, 'pre', [1, 3]);
    for (const gates of ['block', 'branch'] as const) {
      expect(expectedSaving({ schedule: 'constant', gates }, { blocks, steps: 5 })).toBeCloseTo((0.25 + 3 * 0.5) / 4, 12);
    }
    expect(expectedSaving({ schedule: { type: 'growth', length: 4 }, thetaBar: 0.5 }, { blocks, steps: 4 })).toBeCloseTo((3 / 4) * (2 / 4), 12);
  });

  it('is the mean over all patterns of what a plan leaves out', () => {
    const blocks = transformerBlocks(3, 'pre', [1, 2, 4]);
    for (const options of [{}, { minimumActive: 2 }, { gates: 'branch' as const }, { gates: 'branch' as const, minimumActive: 2 }]) {
      const dropping = makeDropping({ schedule: 'constant', ...options }, { blocks, steps: 5 });
      let saved = 0;
      for (const { weight, draw } of allPatterns(keepAt(dropping, 0.5).flatMap((p) => (options.gates ? [p, p] : [p])))) {
        planOf(dropping, 0, draw).gates.forEach((gate, i) => {
          const shares = Object.values(gate.branches);
          saved += (weight * blocks[i]!.cost * shares.filter((branch) => !branch.active).length) / shares.length / 7;
        });
      }
      expect(savedAt(dropping, 0.5)).toBeCloseTo(saved, 12);
    }
  });

  it('is nothing where there is nothing to save', () => {
    expect(expectedSaving({}, { depth: 0, steps: 10 })).toBe(0);
    expect(expectedSaving({}, { depth: 3, steps: 0 })).toBe(0);
  });
});

const methods: [string, PldOptions][] = [
  ...(['exponential', 'linear', 'polynomial', 'cosine', 'step', 'constant'] as const).map((schedule): [string, PldOptions] => [schedule, { schedule }]),
  ['algorithm1', { convention: 'algorithm1' }],
  ['deepspeed', { convention: 'deepspeed', lag: 1 }],
  ['fixed gamma', { gamma: 0.01 }],
  ['uniform', { profile: 'uniform' }],
  ['list', { profile: [0, 0.2, 0.4, 0.6, 0.8, 1] }],
  ['a function of the depth', { profile: Math.sqrt }],
  ['a function of the step', { schedule: (step, steps) => 1 - 0.1 * Math.sin((Math.PI * step) / steps) }],
  ['floor', { minimumActive: 3 }],
  ['systematic', { sampling: 'systematic', minimumActive: 2 }],
  ['branch gates', { gates: 'branch', minimumActive: 2 }],
  ['systematic branch gates', { gates: 'branch', sampling: 'systematic', minimumActive: 4 }],
  ['late', { schedule: { type: 'linear', start: 0.1, length: 0.2 } }],
];

describe('matchSaving', () => {
  const blocks = transformerBlocks(6, 'pre', [1, 1, 2, 1, 1, 3]);

  it.each(methods)('solves %s to 1e-9', (_, options) => {
    for (const matchSaving of [0, 0.05, 0.13, 0.2]) {
      expect(Math.abs(expectedSaving({ ...options, matchSaving }, { blocks, steps: 300 }) - matchSaving)).toBeLessThanOrEqual(1e-9);
    }
  });

  it('solves p of LayerDrop and the final survival of stochastic depth', () => {
    const run = { blocks: equalBlocks(12), steps: 200 };
    expect(matchedDropping(layerDropAsPld({ matchSaving: 0.25 }), run).thetaBar).toBeCloseTo(0.75, 12);
    expect(matchedDropping(stochasticDepthAsPld({ matchSaving: 0.25 }), run).thetaBar).toBeCloseTo(1 - 0.25 * (24 / 13), 12);
    expect(matchedDropping({ matchSaving: 0.2679873267649568 }, { blocks: equalBlocks(12), steps: 1000 }).thetaBar).toBeCloseTo(0.5, 9);
  });

  it('solves any reachable saving, for any depth, costs and length', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...methods.filter(([name]) => name !== 'list').map(([, options]) => options)),
        fc.integer({ min: 4, max: 14 }),
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 14, maxLength: 14 }),
        (options, depth, steps, share, costs) => {
          const run = { blocks: transformerBlocks(depth, 'pre', costs), steps };
          const lowest = typeof options.schedule === 'function' ? {} : { thetaBar: 0 };
          const matchSaving = share * expectedSaving({ ...options, ...lowest }, run);
          expect(Math.abs(expectedSaving({ ...options, matchSaving }, run) - matchSaving)).toBeLessThanOrEqual(1e-9);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('solves growth to within one block in one step', () => {
    for (const schedule of ['growth', { type: 'growth', direction: 'down' }, { type: 'growth', length: 0.8 }] as const) {
      for (const matchSaving of [0.01, 0.05, 0.2, 0.25, 1 / 3]) {
        const saved = expectedSaving({ schedule, matchSaving }, { blocks, steps: 300 });
        expect(Math.abs(saved - matchSaving)).toBeLessThanOrEqual(3 / (9 * 300));
      }
    }
    for (const matchSaving of [0.1, 0.2, 0.25, 0.31, 1 / 3]) {
      const saved = expectedSaving({ schedule: 'growth', matchSaving }, { depth: 12, steps: 1000 });
      expect(Math.abs(saved - matchSaving)).toBeLessThanOrEqual(0.5001 / (12 * 1000)); // of two neighbours the nearer
    }
  });

  it('says what can be reached', () => {
    expect(() => expectedSaving({ matchSaving: 0.6 }, { depth: 12, steps: 1000 })).toThrow(
      "matchSaving 0.6 is out of reach: over 1000 steps this method saves from 0 to 53.5975 % of the blocks' compute; ask for less, or change schedule, profile or minimumActive",
    );
    expect(() => expectedSaving({ matchSaving: 0.3, minimumActive: 9 }, { depth: 12, steps: 1000 })).toThrow('out of reach');
    expect(() => expectedSaving({ matchSaving: 0.1 }, { depth: 0, steps: 1000 })).toThrow('from 0 to 0 %');
    expect(() => expectedSaving({ matchSaving: 0.3, schedule: () => 1 }, { depth: 4, steps: 10 })).toThrow('out of reach');
    expect(() => expectedSaving({ matchSaving: 0.1, schedule: { type: 'growth', direction: 'down', length: 5 } }, { depth: 4, steps: 1000 })).toThrow(
      /whole blocks save .* at the nearest, of 0 to .*; give the growth a longer length/,
    );
    // Block 4 of 4 goes off at step 5 at the latest, and saves 995 of 4000 block-steps: 2.4 away from the target.
    const abrupt = { schedule: { type: 'growth', direction: 'down', length: 5 }, matchSaving: (995 - 2.4) / 4000 } as const;
    expect(() => expectedSaving(abrupt, { depth: 4, steps: 1000 })).toThrow('whole blocks save 24.875 % at the nearest');
    expect(expectedSaving({ ...abrupt, matchSaving: (995 - 0.4) / 4000 }, { depth: 4, steps: 1000 })).toBe(995 / 4000);
    let code = '';
    try {
      expectedSaving({ matchSaving: 0.99 }, { depth: 12, steps: 1000 });
    } catch (error) {
      code = (error as { code: string }).code;
    }
    expect(code).toBe('HOOKLINE_SAVING');
  });

  it('reaches the end of the range itself', () => {
    const most = expectedSaving({ thetaBar: 0 }, { depth: 12, steps: 100 });
    expect(expectedSaving({ matchSaving: most }, { depth: 12, steps: 100 })).toBe(most);
  });

  it('stretches a schedule given as a function', () => {
    const schedule = (step: number) => (step < 5 ? 1 : 0.75);
    const dropping = matchedDropping({ schedule, profile: 'uniform', matchSaving: 0.25 }, { blocks: equalBlocks(3), steps: 10 });
    expect(dropping.thetaBar).toBeCloseTo(1 - 2, 12);
    expect(savedAt(dropping, 0.5)).toBe(0.5);
    expect(() => matchedDropping({ schedule, profile: 'uniform', matchSaving: 0.51 }, { blocks: equalBlocks(3), steps: 10 })).toThrow('from 0 to 50 %');
  });
});

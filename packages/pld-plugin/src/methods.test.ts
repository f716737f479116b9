import { openGates, type Plugin } from '@hookline/core';
import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { begins, evaluation, runContext, stepBegin } from '../test/hooks.js';
import { transformerBlocks } from '../test/patterns.js';
import { equalBlocks } from './dropping.js';
import { layerDrop, layerDropAsPld } from './layer-drop.js';
import { planOf } from './plan.js';
import { progressiveLayerDropping } from './progressive-layer-dropping.js';
import { matchedDropping } from './saving.js';
import { stochasticDepth, stochasticDepthAsPld } from './stochastic-depth.js';

const blocks = transformerBlocks(6, 'pre');
const run = runContext(blocks, 50);
const share = async (plugin: Plugin, context = runContext(blocks, 4000)) => {
  const steps = await begins(plugin, context);
  const off = steps.reduce((sum, step) => sum + step.gates.filter((gate) => !gate.active).length, 0);
  return off / (steps.length * context.blocks.length);
};

describe('progressive layer dropping', () => {
  it('publishes the plan of each step, its policy and its scalars', async () => {
    const steps = await begins(progressiveLayerDropping({ dropped: 'zeroGradient', counter: 'own' }), run);
    const dropping = matchedDropping({}, { blocks, steps: 50 });
    steps.forEach((step, index) => {
      const plan = planOf(dropping, index, (draw) => run.random('progressive-layer-dropping', index, draw));
      expect(step.gates).toEqual(plan.gates);
      expect(step.report).toEqual({ before: 1, theta: plan.theta, expectedActive: plan.expectedActive });
      expect([step.dropped, step.counter]).toEqual(['zeroGradient', 'own']);
    });
    expect(steps[0]!.gates).toEqual(openGates(blocks));
    expect([steps[0]!.report['theta'], steps[0]!.report['expectedActive']]).toEqual([1, 6]);
    expect(steps[49]!.report['expectedActive']).toBeCloseTo(4.25, 9);
  });

  it('closes gates only, over what other plugins closed', async () => {
    const closed = openGates(blocks).map((gate) => ({ ...gate, active: gate.name !== 'layer.2' }));
    const { onStep } = progressiveLayerDropping().setup!(run, { get: () => undefined, set: () => {} });
    const answer = await firstValueFrom(of({ ...stepBegin(run, 0), gates: closed }).pipe(onStep!));
    expect(answer.gates.map((gate) => gate.active)).toEqual([true, true, false, true, true, true]);
  });

  it('drops the share of blocks that it expects to', async () => {
    expect(await share(progressiveLayerDropping({ matchSaving: 0.25 }))).toBeCloseTo(0.25, 2);
    expect(await share(progressiveLayerDropping({ matchSaving: 0.25, sampling: 'systematic' }))).toBeCloseTo(0.25, 2);
  });

  it('draws the same in every run of a seed, and otherwise with another', async () => {
    const plan = async (seed: number) => (await begins(progressiveLayerDropping(), runContext(blocks, 30, seed))).map((step) => step.gates);
    expect(await plan(1)).toEqual(await plan(1));
    expect(await plan(1)).not.toEqual(await plan(2));
  });

  it('leaves evaluation whole', async () => {
    expect((await evaluation(progressiveLayerDropping(), run, 40)).gates).toEqual(openGates(blocks));
  });

  it('provides gating', () => {
    for (const plugin of [progressiveLayerDropping(), layerDrop(), stochasticDepth()]) expect(plugin.provides).toEqual(['gating']);
    expect([progressiveLayerDropping, layerDrop, stochasticDepth].map((factory) => factory().name)).toEqual([
      'progressive-layer-dropping',
      'layer-drop',
      'stochastic-depth',
    ]);
  });
});

describe('LayerDrop', () => {
  it('drops each layer with the same probability in every step, unscaled', async () => {
    const steps = await begins(layerDrop({ p: 0.4 }), run);
    for (const step of steps) {
      expect(step.report['theta']).toBe(0.6);
      expect(step.gates.every((gate) => gate.gain === 1 && gate.branches['ffn']!.gain === 1)).toBe(true);
    }
    expect(await share(layerDrop())).toBeCloseTo(0.2, 2);
  });

  it('is layer dropping with a constant, uniform keep probability', () => {
    expect(layerDropAsPld()).toMatchObject({ schedule: 'constant', profile: 'uniform', scaling: 'none', thetaBar: 0.8 });
    expect(layerDropAsPld({ matchSaving: 0.3, scaling: 'branch', minimumActive: 1, sampling: 'systematic' })).toEqual({
      schedule: 'constant',
      profile: 'uniform',
      scaling: 'branch',
      matchSaving: 0.3,
      minimumActive: 1,
      sampling: 'systematic',
      gates: 'block',
      dropped: 'skip',
      counter: 'own',
    });
  });
});

describe('stochastic depth', () => {
  it('scales by 1/p in training, and leaves evaluation whole', async () => {
    const plugin = stochasticDepth({ finalSurvival: 0.4 });
    const [step] = await begins(plugin, run, 1);
    step!.gates.forEach((gate, i) => {
      expect(gate.branches['ffn']!.gain).toBeCloseTo(1 / (1 - ((i + 1) / 6) * 0.6), 12);
    });
    expect((await evaluation(plugin, run, 10)).gates).toEqual(openGates(blocks));
  });

  it('scales at evaluation as the original does, on request, and training not at all', async () => {
    const plugin = stochasticDepth({ scaling: 'evaluation' });
    const context = runContext(equalBlocks(4), 50);
    const [step] = await begins(plugin, context, 1);
    expect(step!.gates.map((gate) => gate.gain)).toEqual([1, 1, 1, 1]);
    const { gates } = await evaluation(plugin, context, 10);
    expect(gates.map((gate) => [gate.active, gate.gain])).toEqual([
      [true, 0.875],
      [true, 0.75],
      [true, 0.625],
      [true, 0.5],
    ]);
  });

  it('refuses before the first step to scale whole PostLN blocks at evaluation', () => {
    const post = runContext(
      equalBlocks(2).map((block) => ({ ...block, norm: 'post' as const })),
      50,
    );
    expect(() => stochasticDepth({ scaling: 'evaluation' }).setup!(post, { get: () => undefined, set: () => {} })).toThrow(/ends in a LayerNorm/);
  });

  it('is layer dropping with a constant theta', () => {
    expect(stochasticDepthAsPld()).toMatchObject({ schedule: 'constant', profile: 'linear', thetaBar: 0.5 });
    expect(stochasticDepthAsPld()).not.toHaveProperty('scaling');
    expect(stochasticDepthAsPld({ scaling: 'block' }).scaling).toBe('block');
    expect(stochasticDepthAsPld({ scaling: 'evaluation' }).scaling).toBe('none');
    expect(stochasticDepthAsPld({ matchSaving: 0.2, profile: 'uniform' })).toMatchObject({ matchSaving: 0.2, profile: 'uniform' });
    expect(stochasticDepthAsPld({ matchSaving: 0.2 })).not.toHaveProperty('thetaBar');
  });
});

describe('options', () => {
  it.each<[string, () => unknown]>([
    ["there is no option 'thetabar'; did you mean 'thetaBar'?", () => progressiveLayerDropping({ thetabar: 0.5 } as never)],
    ["option 'thetaBar': ", () => progressiveLayerDropping({ thetaBar: 1.5 })],
    ["option 'thetaBar': ", () => progressiveLayerDropping({ thetaBar: -0.1 })],
    ["option 'matchSaving': solves thetaBar", () => progressiveLayerDropping({ thetaBar: 0.5, matchSaving: 0.2 })],
    ["option 'matchSaving': ", () => progressiveLayerDropping({ matchSaving: 1 })],
    ["option 'gamma': belongs to the exponential schedule", () => progressiveLayerDropping({ schedule: 'linear', gamma: 1 })],
    ["option 'gamma': belongs to the exponential schedule", () => progressiveLayerDropping({ schedule: () => 1, gamma: 1 })],
    ["option 'gamma': is given beside a schedule with options of its own", () => progressiveLayerDropping({ schedule: { type: 'exponential' }, gamma: 1 })],
    ["option 'gamma': ", () => progressiveLayerDropping({ gamma: 0 })],
    ["option 'thetaBar': does not enter a schedule given as a function", () => progressiveLayerDropping({ schedule: () => 1, thetaBar: 0.5 })],
    ["option 'convention': does not apply to growth", () => progressiveLayerDropping({ schedule: 'growth', convention: 'paper' })],
    ["option 'profile': does not apply to growth", () => progressiveLayerDropping({ schedule: { type: 'growth' }, profile: 'uniform' })],
    ["option 'scaling': does not apply to growth", () => progressiveLayerDropping({ schedule: 'growth', scaling: 'none' })],
    ["option 'gates': does not apply to growth", () => progressiveLayerDropping({ schedule: 'growth', gates: 'branch' })],
    ["option 'sampling': does not apply to growth", () => progressiveLayerDropping({ schedule: 'growth', sampling: 'systematic' })],
    ["option 'minimumActive': ", () => progressiveLayerDropping({ minimumActive: -1 })],
    ["option 'lag': ", () => progressiveLayerDropping({ lag: 0.5 })],
    ["option 'schedule", () => progressiveLayerDropping({ schedule: { type: 'linear', power: 2 } as never })],
    ["option 'matchSaving': solves p", () => layerDrop({ p: 0.1, matchSaving: 0.2 })],
    ["option 'p': ", () => layerDrop({ p: 1.2 })],
    ["option 'matchSaving': solves finalSurvival", () => stochasticDepth({ finalSurvival: 0.5, matchSaving: 0.2 })],
  ])('%s', (message, make) => {
    expect(make).toThrow(message);
  });

  it('take gamma inside the schedule or beside its name', () => {
    const theta = async (options: Parameters<typeof progressiveLayerDropping>[0]) =>
      (await begins(progressiveLayerDropping(options), run, 4))[3]!.report['theta'];
    return Promise.all([
      theta({ gamma: 0.25 }),
      theta({ schedule: 'exponential', gamma: 0.25 }),
      theta({ schedule: { type: 'exponential', gamma: 0.25 } }),
    ]).then((values) => {
      for (const value of values) expect(value).toBeCloseTo(0.7361832763705074, 14);
    });
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accumulateGradients, clipGradients, createTrainer, evaluateEvery, type Plugin, type StepNews, weightAveraging } from '@hookline/core';
import { type OperationCounts, type ResidualMlpOptions, residualMlp, resumeConformance } from '@hookline/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import * as pld from '../src/index.js';
import {
  expectedSaving,
  layerDrop,
  matchedDropping,
  type PldOptions,
  progressiveLayerDropping,
  recordGates,
  replayGates,
  stochasticDepth,
  traceOfDraws,
} from '../src/index.js';
import * as node from '../src/node/index.js';
import { readGateTrace, writeGateTrace } from '../src/node/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'pld-training-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Counted {
  readonly news: StepNews[];
  readonly operations: OperationCounts[];
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** A run, with the operations of each step. */
async function train(plugins: readonly Plugin[], steps: number, options: ResidualMlpOptions = {}, seed = 1): Promise<Counted> {
  const total: OperationCounts = { forward: 0, backward: 0, updated: 0 };
  const learner = residualMlp({ ...options, operations: total });
  const trainer = createTrainer({ learner, plugins, steps, seed, learningRate: 0.01 });
  const news: StepNews[] = [];
  const operations: OperationCounts[] = [];
  let before = { ...total };
  trainer.on('step', (step) => {
    news.push(step);
    operations.push({ forward: total.forward - before.forward, backward: total.backward - before.backward, updated: total.updated - before.updated });
    before = { ...total };
  });
  const { metrics } = await trainer.run();
  return { news, operations, metrics };
}

const patterns = Array.from({ length: 16 }, (_, bits) => [0, 1, 2, 3].map((i) => ((bits >> i) & 1) as 0 | 1));

describe('skipped is skipped', () => {
  const { blocks } = residualMlp();

  it('each of the 16 gate patterns runs the operations of a model with only the active blocks', async () => {
    const { operations, news } = await train([replayGates(traceOfDraws(blocks, { active: patterns, gains: patterns.map(() => [1.1, 1.2, 1.3, 1.4]) }))], 16);
    const dense = await Promise.all([0, 1, 2, 3, 4].map(async (depth) => (await train([], 1, { depth })).operations[0]!));
    expect(dense[4]!.forward).toBeGreaterThan(dense[0]!.forward);
    patterns.forEach((pattern, step) => {
      const active = pattern.filter(Boolean).length;
      expect(operations[step]).toEqual(dense[active]);
      expect([news[step]!.activeBlocks, news[step]!.active]).toEqual([active, pattern.map(Boolean)]);
    });
  });

  it('a closed branch runs nothing either, and touches no parameter', async () => {
    const branches = [[[1, 0]], [[0, 1]], [[1, 1]], [[0, 0]]] as (0 | 1)[][][];
    const one = residualMlp({ depth: 1 }).blocks;
    const { operations, news } = await train([replayGates(traceOfDraws(one, { active: branches.map(() => [1]), branches }))], 4, { depth: 1 });
    const [stem, block] = [(await train([], 1, { depth: 0 })).operations[0]!, (await train([], 1, { depth: 1 })).operations[0]!];
    const half = (key: keyof OperationCounts) => (stem[key] + block[key]) / 2;
    for (const step of [0, 1]) expect(operations[step]).toEqual({ forward: half('forward'), backward: half('backward'), updated: half('updated') });
    expect(operations[2]).toEqual(block);
    expect(operations[3]).toEqual(stem);
    expect(news.map((step) => step.activeBlocks)).toEqual([1, 1, 1, 0]);
  });

  it('zeroGradient and decay pass over all parameters', async () => {
    const trace = traceOfDraws(blocks, { active: [[0, 0, 0, 0]] });
    for (const dropped of ['zeroGradient', 'decay'] as const) {
      const { operations } = await train([replayGates(trace, { dropped })], 1);
      expect([dropped, operations[0]!.updated]).toEqual([dropped, 18]);
    }
  });
});

describe('a run', () => {
  it('reports theta and the expected depth, and runs what was planned', async () => {
    const { news } = await train([progressiveLayerDropping()], 100);
    expect(news[0]!.report).toEqual({ theta: 1, expectedActive: 4 });
    expect(news[10]!.report['theta']).toBeCloseTo(0.5 + 0.5 * Math.exp(-10), 12);
    expect(news[99]!.report['expectedActive']).toBeCloseTo(2.75, 9);
    const ran = news.reduce((sum, step) => sum + step.activeBlocks, 0) / 400;
    expect(Math.abs(1 - ran - expectedSaving({}, { depth: 4, steps: 100 }))).toBeLessThan(0.06);
    expect(news.every((step) => Number.isFinite(step.loss))).toBe(true);
  });

  it('still learns', async () => {
    const { news } = await train([progressiveLayerDropping()], 300);
    const mean = (from: number, to: number) => news.slice(from, to).reduce((sum, step) => sum + step.loss, 0) / (to - from);
    expect(mean(250, 300)).toBeLessThan(0.7 * mean(0, 50));
  });

  it('evaluates the whole network', async () => {
    const at = async (plugins: Plugin[]) => {
      const trainer = createTrainer({ learner: residualMlp(), plugins: [...plugins, evaluateEvery({ steps: 1 })], steps: 1, learningRate: 0 });
      return (await trainer.run()).metrics['dev']!['loss'];
    };
    const whole = await at([]);
    expect(await at([progressiveLayerDropping({ schedule: 'constant', thetaBar: 0.1 })])).toBe(whole);
    expect(await at([stochasticDepth()])).toBe(whole);
    expect(await at([stochasticDepth({ scaling: 'evaluation' })])).not.toBe(whole);
  });

  it('refuses two methods at once, by name', async () => {
    const both = () => createTrainer({ learner: residualMlp(), plugins: [progressiveLayerDropping(), layerDrop()], steps: 1 });
    expect(both).toThrow(/'progressive-layer-dropping'.*'layer-drop'|'layer-drop'.*'progressive-layer-dropping'/);
  });

  it('stops before its first step on a saving out of reach', async () => {
    await expect(train([progressiveLayerDropping({ matchSaving: 0.9 })], 10)).rejects.toThrow('matchSaving 0.9 is out of reach');
  });

  it('is repeated bit for bit by its gate trace, read back from a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'trace-'));
    try {
      const path = join(directory, 'gates.jsonl');
      const first = await train([progressiveLayerDropping({ gates: 'branch', minimumActive: 1 }), writeGateTrace({ path })], 25);
      const again = await train([replayGates(readGateTrace(path))], 25);
      expect(again.news.map((step) => [step.loss, step.gradientNorm, step.active])).toEqual(
        first.news.map((step) => [step.loss, step.gradientNorm, step.active]),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

it('gates of several plugins meet in the plan, and the recorder sees what ran', async () => {
  const seen: (readonly boolean[])[] = [];
  const shared = (plugin: Plugin): Plugin => ({ ...plugin, shares: ['gating'] });
  const active = Array.from({ length: 30 }, () => [1, 1, 1, 0] as const);
  const { blocks } = residualMlp();
  const recorder = recordGates((_, gates) => void seen.push(gates.map((gate) => gate.active)));
  const { news } = await train([shared(replayGates(traceOfDraws(blocks, { active }))), shared(progressiveLayerDropping()), recorder], 30);
  expect(seen).toEqual(news.map((step) => step.active));
  expect(seen.some((row) => row[3])).toBe(false);
  expect(seen.some((row) => !row[0])).toBe(true);
});

const withOthers = (plugin: Plugin) => [plugin, clipGradients({ norm: 1 }), accumulateGradients({ microBatches: 2 }), weightAveraging({ decay: 0.9 })];

describe('resume is bit for bit', () => {
  const file = (name: string) => join(scratch, name);
  /** Three of five blocks' draws of another framework, for the steps of the conformance run. */
  const trace = () =>
    traceOfDraws(residualMlp().blocks, { active: Array.from({ length: 12 }, (_, step) => [0, 1, 2, 3].map((i) => (step * 7 + i * 5) % 3 > 0)) });
  const cases: readonly (readonly [keyof typeof pld | keyof typeof node, string, () => Plugin])[] = [
    ['progressiveLayerDropping', 'as it is', () => progressiveLayerDropping()],
    [
      'progressiveLayerDropping',
      'systematic branch gates with a floor',
      () => progressiveLayerDropping({ gates: 'branch', sampling: 'systematic', minimumActive: 2 }),
    ],
    [
      'progressiveLayerDropping',
      'decay of dropped parameters, matched saving',
      () => progressiveLayerDropping({ schedule: 'cosine', matchSaving: 0.25, dropped: 'decay', counter: 'global' }),
    ],
    ['progressiveLayerDropping', 'zero gradients', () => progressiveLayerDropping({ dropped: 'zeroGradient' })],
    ['progressiveLayerDropping', 'growth', () => progressiveLayerDropping({ schedule: 'growth' })],
    ['layerDrop', 'p 0.4', () => layerDrop({ p: 0.4 })],
    ['stochasticDepth', 'scaled evaluation', () => stochasticDepth({ scaling: 'evaluation' })],
    ['replayGates', 'of draws', () => replayGates(trace())],
    ['recordGates', 'into a list', () => recordGates(() => {})],
    ['writeGateTrace', 'to a file', () => writeGateTrace({ path: file('gates.jsonl') })],
  ];

  it.each(cases)('%s, %s', async (_name, _case, plugin) => {
    const { kills } = await resumeConformance({ plugins: () => withOthers(plugin()), every: 3, kills: [1, 4, 7, 9] });
    expect(kills.map((kill) => kill.resumedAt)).toEqual([0, 3, 6, 9]);
  });

  it('every plugin of the package is among them', () => {
    const made = Object.entries({ ...pld, ...node }).filter(([, value]) => typeof value === 'function' && ('pluginName' in value || /Gates$/.test(value.name)));
    const plans = ['openGates', 'planGates', 'expectedGates']; // functions that answer with gates
    const plugins = made.map(([name]) => name).filter((name) => !plans.includes(name));
    expect([...new Set(cases.map(([name]) => name))].sort()).toEqual(plugins.sort());
  });

  it('a trace that a killed run wrote ends as that of an uninterrupted one', async () => {
    const steps = async (path: string) =>
      (await resumeConformance({ plugins: () => [progressiveLayerDropping(), writeGateTrace({ path })], kills: [4, 8] })).steps;
    expect(await steps(file('killed.jsonl'))).toBe(12);
    await train([progressiveLayerDropping(), writeGateTrace({ path: file('whole.jsonl') })], 12);
    expect(readFileSync(file('killed.jsonl'), 'utf8')).toBe(readFileSync(file('whole.jsonl'), 'utf8'));
  });
});

it('all methods save the same when asked to, over whole runs', async () => {
  const methods: PldOptions[] = [{}, { schedule: 'linear' }, { convention: 'algorithm1' }, { sampling: 'systematic' }, { schedule: 'growth' }];
  for (const options of methods) {
    const { blocks } = residualMlp();
    expect(expectedSaving({ ...options, matchSaving: 0.2 }, { blocks, steps: 1000 })).toBeCloseTo(0.2, 3);
    const { thetaBar } = matchedDropping({ ...options, matchSaving: 0.2 }, { blocks, steps: 200 });
    const { news } = await train([progressiveLayerDropping({ ...options, matchSaving: 0.2 })], 200, { width: 2, batch: 1, rows: 4 });
    expect(Math.min(...news.map((step) => step.report['theta']!))).toBeGreaterThanOrEqual(thetaBar - 1e-12);
    expect(Math.abs(1 - news.reduce((sum, step) => sum + step.activeBlocks, 0) / 800 - 0.2)).toBeLessThan(0.06);
  }
});

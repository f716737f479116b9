import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTrainer, during, type Plugin, type RunResult, type StepNews } from '@hookline/core';
import { residualMlp, resumeConformance, type Vec } from '@hookline/core/testing';
import { replayGates, traceOfDraws } from '@hookline/pld-plugin';
import { describe, expect, it } from 'vitest';
import { blockDistance } from './block-distance.js';
import { everything } from './compose.js';
import { gradientNoise } from './gradient-noise.js';
import { lookahead } from './lookahead.js';
import { progressiveFreezing } from './progressive-freezing.js';
import { run } from './run.js';
import { spikeGuard } from './spike-guard.js';

const here = import.meta.dirname;
const programs = readdirSync(here).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

async function train(plugins: readonly Plugin<Vec>[], steps = 40, learner = residualMlp()): Promise<StepNews[]> {
  const trainer = createTrainer({ learner, plugins, steps, seed: 1, learningRate: 3e-3 });
  const news: StepNews[] = [];
  trainer.on('step', (step) => void news.push(step));
  await trainer.run();
  return news;
}

describe('the examples', () => {
  it.each(programs.filter((file) => file !== 'run.ts'))('%s is under 30 lines, and a program', (file) => {
    expect(readFileSync(join(here, file), 'utf8').trimEnd().split('\n').length).toBeLessThan(30);
    const printed = execFileSync(process.execPath, [join(here, 'dist', file.replace('.ts', '.js'))], { encoding: 'utf8' });
    expect(printed).toMatch(/^step 0 {2}loss \d/);
    expect(printed).toMatch(/held-out loss after 200 steps: \d\.\d{4}\n$/);
  });

  it.each<[string, () => Plugin<Vec>[]]>([
    ['spike-guard', () => [spikeGuard({ factor: 1.2, warmup: 2 })]],
    ['gradient-noise', () => [gradientNoise(0.01)]],
    ['block-distance', () => [blockDistance(2)]],
    ['progressive-freezing', () => [progressiveFreezing({ from: 0.2 })]],
    ['lookahead', () => [lookahead({ every: 2 })]],
    ['all together', everything],
  ])('%s resumes bit for bit', async (_, plugins) => {
    const { kills } = await resumeConformance({ plugins, every: 3, kills: [2, 5, 8, 10] });
    expect(kills.map((kill) => kill.resumedAt)).toEqual([3, 6, 9, 9]);
  });

  it('compose with layer dropping in any order', async () => {
    const plugins = everything();
    for (const turn of plugins.keys()) {
      const order = [...plugins.slice(turn), ...plugins.slice(0, turn)];
      const trainer = createTrainer({ learner: residualMlp(), plugins: order, steps: 40, learningRate: 3e-3 });
      expect(trainer.plan().slice(-2)).toEqual(['clip-gradients', 'own-gradient-noise']); // stages 50 and 60, the others' 0
      const { last, steps } = await trainer.run();
      expect(steps).toBe(40);
      expect(Object.keys(last!.report)).toEqual(expect.arrayContaining(['theta', 'expectedActive', 'frozenBlocks']));
      expect(Number.isFinite(last!.loss)).toBe(true);
    }
  });

  it('print what they report', async () => {
    const lines: string[] = [];
    const result: RunResult = await run(everything(), (line) => void lines.push(line));
    expect(result.metrics['dev']!['loss']).toBeGreaterThan(0);
    expect(lines[0]).toMatch(/^step 0 {2}loss \d+\.\d{4}( {2}[\w.]+ -?\d+\.\d{3})+$/);
    expect(lines[0]).toContain('distance.block.5');
  });
});

describe('spike-guard', () => {
  const spikeAt = (at: readonly number[], factor: number): Plugin => ({
    name: 'spike',
    stage: -1,
    onStep: during('gradients', (step) => (at.includes(step.index) ? { ...step, gradients: step.gradients.scale(factor) } : step)),
  });

  it('leaves out the updates of the spikes, and no other', async () => {
    const news = await train([spikeGuard({ factor: 10, warmup: 5 }), spikeAt([20, 25], 1000)]);
    expect(news.filter((step) => step.skipped).map((step) => step.index)).toEqual([20, 25]);
    expect((await train([spikeGuard({ factor: 10 })])).some((step) => step.skipped)).toBe(false);
  });

  it('leaves out what is no number', async () => {
    const spikes = [spikeAt([2, 12], Number.NaN), { ...spikeAt([25], 1000), name: 'finite spike' }];
    const news = await train([spikeGuard({ warmup: 5, factor: 10 }), ...spikes]);
    expect(news.filter((step) => step.skipped).map((step) => step.index)).toEqual([2, 12, 25]); // a NaN in the warm-up lets no later spike through
    expect(Number.isFinite(news.at(-1)!.loss)).toBe(true);
  });

  it('gets used to a new level', async () => {
    const higher = Array.from({ length: 60 }, (_, i) => i + 20);
    const news = await train([spikeGuard({ factor: 3, warmup: 5 }), spikeAt(higher, 15)], 80);
    const skipped = (from: number, to: number) => news.slice(from, to).filter((step) => step.skipped).length;
    expect(skipped(20, 30)).toBe(10);
    expect(skipped(70, 80)).toBeLessThan(3); // small batches differ
  });
});

it('gradient-noise adds normal noise of the stated variance, keyed by the step', async () => {
  const seen: Record<string, Float64Array[]> = {};
  const watch = (name: string, stage: number): Plugin => ({
    name,
    stage,
    onStep: during('gradients', (step) => {
      seen[name] = [...(seen[name] ?? []), step.gradients.values('stem') as Float64Array];
      return step;
    }),
  });
  const learner = residualMlp({ width: 40, depth: 1 });
  await train([watch('before', 59), gradientNoise(0.04), watch('after', 61)], 3, learner);
  for (const step of [0, 1, 2]) {
    const noise = Array.from(seen['after']![step]!, (g, i) => g - seen['before']![step]![i]!);
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length;
    const variance = noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length;
    const expected = 0.04 / (1 + step) ** 0.55;
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(expected / noise.length));
    expect(variance / expected).toBeGreaterThan(0.85);
    expect(variance / expected).toBeLessThan(1.15);
  }
});

it('block-distance reports the blocks that ran, and changes nothing', async () => {
  const { blocks } = residualMlp();
  const gates = () => replayGates(traceOfDraws(blocks, { active: Array.from({ length: 6 }, () => [1, 0, 1, 1] as const) }));
  const news = await train([gates(), blockDistance(2)], 6);
  const names = (step: StepNews) => Object.keys(step.report);
  expect(names(news[0]!)).toEqual(['distance.block.0', 'distance.block.2', 'distance.block.3']);
  expect(names(news[1]!)).toEqual([]);
  for (const value of Object.values(news[4]!.report)) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(1);
  }
  expect(news.map((step) => step.loss)).toEqual((await train([gates()], 6)).map((step) => step.loss));
});

it('progressive-freezing stops the lower blocks and trains the last', async () => {
  const learner = residualMlp();
  const weights: Record<string, readonly number[]>[] = [];
  const watch: Plugin = {
    name: 'watch',
    onStep: during('end', (step) => {
      const saved = learner.save();
      weights.push(Object.fromEntries(learner.blocks.map((block) => [block.name, Array.from(saved[`weights/${block.parameters[0]}`]?.data ?? [])])));
      return step;
    }),
  };
  const news = await train([progressiveFreezing({ from: 0.5 }), watch], 20, learner);
  expect(weights[0]!['block.0']!.length).toBeGreaterThan(0);
  expect(news.map((step) => step.report['frozenBlocks'])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  const still = (block: string, step: number) => expect(weights[step]![block]).toEqual(weights[step - 1]![block]);
  const moved = (block: string, step: number) => expect(weights[step]![block]).not.toEqual(weights[step - 1]![block]);
  for (const step of [11, 15, 19]) still('block.0', step);
  moved('block.0', 10);
  moved('block.1', 13);
  still('block.1', 14);
  still('block.2', 19);
  moved('block.3', 19);
});

it('lookahead goes back to slow weights, which move half of the way', async () => {
  const learner = residualMlp();
  const stem: { readonly trained: number; readonly slow: number }[] = [];
  const watch = (name: string, stage: number): Plugin => ({
    name,
    stage,
    onStep: during('end', (step) => {
      const saved = learner.save();
      stem.push({ trained: saved['weights/stem']!.data[0]!, slow: saved['slots.slow/stem']!.data[0]! });
      return step;
    }),
  });
  const begun = learner.save()['weights/stem']!.data[0]!;
  await train([watch('before', -1), lookahead({ every: 3 }), watch('after', 1)], 4, learner);
  const [, , , , fast, settled, next] = stem; // before and after the end of steps 0 to 3
  expect(stem.slice(0, 4).map(({ slow }) => slow)).toEqual([begun, begun, begun, begun]);
  expect(settled!.slow).toBeCloseTo((begun + fast!.trained) / 2, 12);
  expect(settled!.trained).toBe(settled!.slow);
  expect(next!.trained).not.toBe(next!.slow);
});

it('the table of examples/README.md names each program', () => {
  const readme = readFileSync(join(here, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| \[(\S+)\]\(\1\) \|/gm)].map((match) => match[1]!);
  expect(listed.sort()).toEqual(programs.filter((file) => file !== 'run.ts').sort());
});

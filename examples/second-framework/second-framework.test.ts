import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpoints, clipGradients, createTrainer, type Learner, type MemoryStore, memoryStore, type StepNews } from '@hookline/core';
import { readMetrics } from '@hookline/core/node';
import { compareRuns, inspect } from '@hookline/lab';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { loadEngine } from '@hookline/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { jaxTransformer } from './jax-transformer.js';
import { small } from './reversal.js';
import { tfjsTransformer } from './tfjs-transformer.js';
import { train as program } from './train.js';

const optimizer = { epsilon: 1e-8, noDecay: (name: string) => name.endsWith('bias') || name.endsWith('norm.weight') };
const onJax = () => jaxTransformer(small, { optimizer });
const onTfjs = () => tfjsTransformer(small, { type: 'adamw', ...optimizer });

beforeAll(async () => {
  await loadEngine('wasm');
});

async function train(learner: Learner, store: MemoryStore, resume?: string): Promise<StepNews[]> {
  const plugins = [progressiveLayerDropping({ thetaBar: 0.5 }), clipGradients({ norm: 1 }), checkpoints({ every: 30 })];
  const trainer = createTrainer({ learner, plugins, steps: 50, seed: 1, learningRate: 3e-3, store, ...(resume === undefined ? {} : { resume }) });
  const news: StepNews[] = [];
  trainer.on('step', (step) => void news.push(step));
  await trainer.run();
  learner.dispose();
  return news;
}

it('jax-js and TensorFlow.js go the same way through 50 steps of layer dropping, and one goes on from the checkpoint of the other', async () => {
  const store = memoryStore();
  const ours = await train(onJax(), store);
  const theirs = await train(onTfjs(), memoryStore());
  const resumed = await train(onTfjs(), store, 'step-00000030');
  expect(ours).toHaveLength(50);
  expect(resumed.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => i + 30));
  for (const step of [...theirs, ...resumed]) {
    const { loss, gradientNorm, active } = ours[step.index]!;
    expect(active).toEqual(step.active);
    expect(Math.abs(loss / step.loss - 1)).toBeLessThan(1e-4);
    expect(Math.abs(gradientNorm / step.gradientNorm - 1)).toBeLessThan(1e-3);
  }
  expect(ours.map(({ activeBlocks }) => activeBlocks)).toContain(2);
  expect(ours.at(-1)!.loss).toBeLessThan(0.8 * ours[0]!.loss);
}, 180_000);

it('the program writes a run into files, and goes on with one that was broken off', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'second-framework-'));
  const [lines, broken] = [[] as string[], new AbortController()];
  const print = (line: string) => {
    lines.push(line);
    broken.abort();
  };
  const training = { run: join(directory, 'run'), sizes: { ...small, layers: 2, hidden: 8, heads: 2 }, steps: 3, print };
  try {
    expect(await program({ ...training, signal: broken.signal })).toMatchObject({ steps: 1, stopped: 'aborted' });
    expect(await program(training)).toMatchObject({ steps: 3, stopped: undefined });
    expect(lines[0]).toMatch(/^step 0 {2}loss \d\.\d{4} {2}blocks ██ {2}\d+ ms$/);
    expect(lines.at(-1)).toMatch(/^after 3 steps: held-out loss \d\.\d{4}, right \d+\.\d %$/);
    expect(await readdir(join(training.run, 'checkpoints'))).toEqual(['step-00000002', 'step-00000003']);
    const steps = (await readMetrics(join(training.run, 'metrics.jsonl'))).filter((line) => line.event === 'step');
    expect(steps.map(({ index }) => index)).toEqual([0, 1, 2]);
    await cp(training.run, join(directory, 'copy'), { recursive: true });
    const { report, path } = await compareRuns([training.run, join(directory, 'copy')], join(directory, 'compare.html'));
    expect(report.tables[0]!.columns).toEqual(expect.arrayContaining(['Held-out loss at 3 steps']));
    expect(report.variants.map(({ name, blocks, evaluations }) => [name, blocks, evaluations.length])).toEqual([
      ['run', 2, 3],
      ['copy', 2, 3],
    ]);
    expect(await readFile(path, 'utf8')).toContain('own program');
    expect(await inspect(training.run)).toMatchObject([{ model: 'own program', steps: 3, of: 3, checkpoints: [{ step: 2 }, { step: 3 }] }]);
    const [checkpoint] = await inspect(join(training.run, 'checkpoints', 'step-00000003'));
    expect(checkpoint).toMatchObject({ kind: 'checkpoint', step: 3 });
  } finally {
    await rm(directory, { recursive: true });
  }
});

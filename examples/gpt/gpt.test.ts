import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createTrainer } from '@hookline/core';
import { functionLearner, loadEngine, openBlock, parametersFrom } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import oracle from './fixtures/oracle.json' with { type: 'json' };
import { type GptConfig, gpt, initialGpt } from './model.js';

await loadEngine('cpu');
const config: GptConfig = { vocabulary: 13, context: 6, width: 8, heads: 2, layers: 2, dropout: 0 };

it('no place sees what comes after it', () => {
  const parameters = parametersFrom(initialGpt(config, 3));
  const logits = (ids: readonly number[]) => {
    const all = gpt(config)(tf.tensor2d([[...ids]], undefined, 'int32'), { block: openBlock, get: parameters.get, mode: 'evaluate', seed: [0, 0] });
    return (all.arraySync() as number[][][])[0]!;
  };
  const ids = [1, 5, 3, 12, 0, 7];
  const before = logits(ids);
  for (const place of ids.keys()) {
    const after = logits(ids.map((id, i) => (i === place ? 9 : id)));
    expect(after.slice(0, place)).toEqual(before.slice(0, place));
    for (const i of ids.keys()) if (i >= place) expect(after[i]).not.toEqual(before[i]);
  }
});

it('trains as it does in PyTorch: ten losses of AdamW', async () => {
  const shapes = Object.entries(initialGpt(config, 0)).map(([name, { shape }]) => [name, [...shape]] as const);
  const value = (name: string, key: number, i: number) => 0.3 * Math.sin(1.7 * i + 3.1 * key + 0.5) + (name.endsWith('layer_norm.weight') ? 1 : 0);
  const given = shapes.map(([name, shape], key) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => value(name, key, i)) }] as const;
  });
  const ids = (shift: number) =>
    tf.tensor2d(
      [0, 1, 2].map((b) => [0, 1, 2, 3, 4, 5].map((i) => i + shift).map((s) => (5 * b + 3 * s + s * s) % 13)),
      undefined,
      'int32',
    );
  const learner = functionLearner({
    parameters: Object.fromEntries(given),
    forward: gpt(config),
    loss: 'softmaxCrossEntropy',
    data: { xs: ids(0), ys: ids(1), batchSize: 3 },
  });
  expect(learner.blocks.map(({ name, branches }) => [name, ...branches])).toEqual([0, 1].map((i) => [`layer.${i}`, 'attention', 'mlp']));
  const losses: number[] = [];
  const trainer = createTrainer({ learner, steps: oracle.losses.length, seed: 1, learningRate: 0.01 });
  trainer.on('step', ({ loss }) => void losses.push(loss));
  await trainer.run();
  for (const [i, loss] of losses.entries()) expect(Math.abs(loss / oracle.losses[i]! - 1), `step ${i}: ${loss}`).toBeLessThan(2e-6);
});

it('is a program: perplexity falls, and a sentence comes out', () => {
  const printed = execFileSync(process.execPath, [join(import.meta.dirname, '..', 'dist', 'gpt', 'train.js'), '4', '2019'], { encoding: 'utf8' });
  const [early, late] = [...printed.matchAll(/^after step \d+: perplexity (\d+\.\d)$/gm)].map(([, perplexity]) => Number(perplexity));
  expect(early).toBeLessThan(1024);
  expect(late).toBeLessThan(early!);
  expect(printed).toMatch(/^it says: my fellow americans, we.+\n$/m);
});

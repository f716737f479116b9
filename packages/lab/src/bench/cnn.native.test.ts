import { compileStatistics, loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { benchCnn } from './cnn.js';
import { residualCnn } from './residual-cnn.js';

const shape = { batchSize: 4, size: 8, filters: [4, 6], blocksPerStage: 1, classes: 3 };

beforeAll(async () => {
  await loadEngine('native');
});

it('trains the same compiled as op by op, moving averages included, and leaves nothing behind', () => {
  const before = tf.memory().numTensors;
  const batch = { images: tf.randomUniform([4, 8, 8, 3], 0, 1, 'float32', 1), labels: tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0], [4, 3]) };
  const [fast, plain] = [residualCnn(shape, { compiled: true }), residualCnn(shape, { compiled: false })];
  const initial = fast.weights();
  expect(plain.weights()).toEqual(initial);
  for (let step = 0; step < 5; step++) expect(fast.step(batch)).toBeCloseTo(plain.step(batch), 5);
  const [ours, theirs] = [fast.weights(), plain.weights()];
  expect(Math.max(...ours.map((weight, i) => Math.abs(weight - (theirs[i] as number))))).toBeLessThan(1e-5);
  expect(Math.max(...ours.map((weight, i) => Math.abs(weight - (initial[i] as number))))).toBeGreaterThan(0.01);
  expect(compileStatistics().functions.flatMap(({ recordings }) => recordings.filter(({ refused }) => refused !== undefined))).toEqual([]);
  fast.dispose();
  plain.dispose();
  tf.dispose(batch);
  expect(tf.memory().numTensors).toBe(before);
});

it('is timed with graphs', async () => {
  const result = await benchCnn({ shape, rounds: 1, warmup: 1 });
  expect(result.graphs).toBeGreaterThan(5);
  expect(result.lossDifference).toBeLessThan(2e-5);
});

import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { benchLayers } from './layers.js';
import { benchLines } from './table.js';

it('times closed blocks against a model built without them, and leaves nothing behind', async () => {
  await loadEngine('cpu');
  const before = tf.memory().numTensors;
  const result = await benchLayers({ engine: 'cpu', shape: { batchSize: 2, width: 3, inner: 4, blocks: 2 }, rounds: 2, warmup: 1 });
  expect(result.timings.map(({ name, times }) => [name, times.length])).toEqual([
    ['2 of 2 blocks', 2],
    ['1 of 2 blocks', 2],
    ['built with 1', 2],
  ]);
  expect(benchLines(result).join('\n')).toMatch(/2 blocks 3-4-3, batch 2; time on the wall[\s\S]*built with the other half: [\d.]+ /);
  expect(tf.memory().numTensors).toBe(before);
});

it('times the products of stock tfjs on wasm', async () => {
  const result = await benchLayers({ engine: 'wasm', shape: { batchSize: 2, width: 3, inner: 4, blocks: 2 }, rounds: 2, warmup: 1 });
  expect(result.timings.at(-1)!.name).toBe('2 of 2 blocks, stock products');
  expect(benchLines(result).join('\n')).toMatch(/stock TensorFlow.js over the same on ours: [\d.]+ /);
});

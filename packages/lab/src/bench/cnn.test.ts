import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { benchCnn } from './cnn.js';
import { benchLines } from './table.js';

const shape = { batchSize: 2, size: 8, filters: [4, 6], blocksPerStage: 1, classes: 3 };

it('times both forms once their losses agree; where nothing is compiled they are the same', async () => {
  await loadEngine('wasm');
  const before = tf.memory().numTensors;
  const result = await benchCnn({ engine: 'cpu', shape, rounds: 2, warmup: 1 });
  expect(result.timings.map(({ name, times }) => [name, times.length])).toEqual([
    ['compiled', 2],
    ['op by op', 2],
  ]);
  expect(result).toMatchObject({ graphs: 0, lossDifference: 0 });
  expect(benchLines(result).join('\n')).toMatch(/4-6 channels, 1 blocks of each, batch 2 x 8 x 8 x 3[\s\S]*Compiled over op by op: [\d.]+ /);
  expect(tf.memory().numTensors).toBe(before);
});

it('refuses an engine that is missing', async () => {
  await expect(benchCnn({ shape })).rejects.toMatchObject({ code: 'HOOKLINE_ENGINE_MISSING' });
});

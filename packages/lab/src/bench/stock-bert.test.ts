import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { ourBert } from './our-bert.js';
import { randomBatches } from './shape.js';
import { stockBert } from './stock-bert.js';

describe('stockBert', () => {
  beforeAll(async () => {
    await loadEngine('wasm');
  });

  it.each(['whole', 'masked'] as const)('is the same model as ours: its losses begin equal and fall alike, with the head over %s positions', async (head) => {
    const options = { learningRate: 1e-3, seed: 3 };
    const ours = await ourBert({ shape, engine: 'wasm', ...options });
    const stock = stockBert(ours.config, { head, ...options });
    const data = randomBatches(shape);
    for (let step = 0; step < 3; step++) {
      // Adam with decay 0.01 and clipping against plain Adam: the paths part slowly
      expect(await stock.step(await data.batch(step))).toBeCloseTo(await ours.step(), step === 0 ? 5 : 2);
    }
    await ours.dispose();
    stock.dispose();
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const ours = await ourBert({ shape, engine: 'wasm', learningRate: 1e-3, seed: 0 });
    const stock = stockBert(ours.config, { head: 'masked', learningRate: 1e-3, seed: 0 });
    await stock.step(await randomBatches(shape).batch(0));
    const during = tf.memory().numTensors;
    await stock.step(await randomBatches(shape).batch(1));
    await ours.step(new Set([1]));
    expect(tf.memory().numTensors).toBe(during);
    await ours.dispose();
    stock.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

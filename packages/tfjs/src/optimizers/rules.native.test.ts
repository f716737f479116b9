import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { compileStatistics } from '../compile/index.js';
import { loadEngine } from '../engines/index.js';
import { besideStock, stockOptimizers } from './fixtures/beside-stock.js';

beforeAll(async () => {
  await loadEngine('native');
});

it.each(stockOptimizers)('%s takes the steps of TensorFlow.js as graphs, and frees them', (_, stock, options) => {
  const before = compileStatistics().replays;
  const { own, stock: theirs } = besideStock(stock(), options, 0.25);
  for (const [i, weight] of own.entries()) expect(weight).toBeCloseTo(theirs[i] as number, 5);
  if (options.type !== 'adam') expect(compileStatistics().replays - before).toBeGreaterThan(10);
  expect(compileStatistics().graphs).toBe(0);
  expect(tf.getBackend()).toBe('tensorflow');
});

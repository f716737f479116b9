import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { benchEngines } from './engines.js';
import { tiny as shape } from './fixtures/tiny.js';
import { benchLines } from './table.js';

it('compares the engines that are here with wasm, and names those that are not', async () => {
  await loadEngine('wasm');
  const before = tf.memory().numTensors;
  const result = await benchEngines({ shape, rounds: 2, warmup: 1 });
  expect(result).toMatchObject({ over: 'wasm', missing: [{ engine: 'native', why: expect.stringContaining('not available') }] });
  expect(result.figures.map(({ engine }) => engine)).toEqual(['wasm', 'cpu']);
  const [wasm, cpu] = result.figures;
  expect(wasm).toMatchObject({ speed: { median: 1 }, rate: { median: 1 } });
  expect(cpu?.gigaflops).toBeGreaterThan(0);
  expect(benchLines(result).join('\n')).toMatch(/times as quick as wasm .*GFLOP\/s[\s\S]*Without native: /);
  expect(tf.memory().numTensors).toBe(before);
});

it('refuses an engine that was asked for and is missing', async () => {
  await expect(benchEngines({ engines: ['wasm', 'native'], shape })).rejects.toMatchObject({ code: 'HOOKLINE_ENGINE_MISSING' });
});

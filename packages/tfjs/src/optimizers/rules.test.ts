import { type BlockInfo, openGates } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { testedEngines, useEngine } from '../../test/engines.js';
import { createParameters } from '../learner/index.js';
import { besideStock, stockOptimizers } from './fixtures/beside-stock.js';
import { createOptimizer } from './optimizer.js';
import { float32Remainder } from './rules.js';

describe.each(testedEngines)('on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each(stockOptimizers)('%s takes the steps of TensorFlow.js, whatever blocks are left out', (_, stock, options) => {
    for (const scale of [1, 0.25]) {
      const { own, stock: theirs } = besideStock(stock(), options, scale);
      for (const [i, weight] of own.entries()) expect(weight).toBeCloseTo(theirs[i] as number, 5);
    }
  });
});

describe('the state', () => {
  const blocks: readonly BlockInfo[] = [];
  const plan = { learningRate: 0.1, rateScale: () => 1, gates: openGates(blocks), dropped: 'skip', counter: 'own', skip: false } as const;
  const one = () => createParameters({ w: { shape: [2], data: Float32Array.of(1, -2) } });

  it.each(stockOptimizers)('of %s goes on from where it was read', (_, __, options) => {
    const [whole, parted] = [one(), one()];
    const first = createOptimizer(whole, blocks, options);
    let second = createOptimizer(parted, blocks, options);
    for (let step = 0; step < 4; step++) {
      const gradient = () => new Map([['w', { tensor: tf.tensor1d([0.3 + step, -0.7]), scale: 1 }]]);
      first.update(gradient(), { ...plan, step });
      second.update(gradient(), { ...plan, step });
      const state = second.read();
      expect([...Object.keys(state.get('w')?.state ?? {})]).toEqual(second.states);
      second.dispose();
      second = createOptimizer(parted, blocks, options);
      second.restore(state);
    }
    expect(parted.read()).toEqual(whole.read());
    expect(second.count('w')).toBe(4);
  });

  it('leaks nothing', () => {
    const before = tf.memory().numTensors;
    for (const [, , options] of stockOptimizers) {
      const parameters = one();
      const optimizer = createOptimizer(parameters, blocks, options);
      const tensor = tf.tensor1d([1, 2]);
      optimizer.update(new Map([['w', { tensor, scale: 0.5 }]]), { ...plan, step: 0 });
      tensor.dispose();
      optimizer.dispose();
      parameters.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('the bias correction is that of a variable of float32', () => {
  expect(float32Remainder(0.999, 1)).toBe(Math.fround(1 - Math.fround(0.999)));
  expect(float32Remainder(0.999, 1)).not.toBe(Math.fround(0.001));
  expect(float32Remainder(0.5, 3)).toBe(0.875);
});

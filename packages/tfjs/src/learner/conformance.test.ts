import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { functions, type Pairs, pairs } from './fixtures/functions.js';
import { mlp } from './fixtures/mlp.js';

const live = (): number => tf.memory().numTensors;
const double = (x: tf.Tensor): tf.Tensor => tf.mul(x, 2);

describe('on cpu', () => {
  beforeAll(() => loadEngine('cpu'));

  describe('tensorLearner', () => {
    const learner = () => mlp({ depth: 3, optimizer: { type: 'adamw', weightDecay: 0.1 } });
    for (const { name, run } of learnerConformance(learner, { cannot: ['dropout'], live, double })) it(name, run);
  });
});

describe('on wasm', () => {
  let set: Pairs;
  beforeAll(async () => {
    await loadEngine('wasm');
    set = pairs();
  });

  describe('tensorLearner with LAMB, normalised after the sum', () => {
    const learner = () => mlp({ depth: 2, post: true, optimizer: { type: 'lamb', weightDecay: 0.1 } });
    for (const { name, run } of learnerConformance(learner, { cannot: ['dropout'], live, double })) it(name, run);
  });

  describe('functionLearner', () => {
    for (const { name, run } of learnerConformance(() => functions(set), { cannot: ['branches'], live, double })) it(name, run);
  });
});

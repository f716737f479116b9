import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { functions, pairs } from './fixtures/functions.js';
import { mlp } from './fixtures/mlp.js';

await loadEngine('native');
const set = pairs();
const common = { live: () => tf.memory().numTensors, double: (x: tf.Tensor) => tf.mul(x, 2) };

describe('tensorLearner on native', () => {
  const learner = () => mlp({ depth: 3, optimizer: { type: 'adamw', weightDecay: 0.1 } });
  for (const { name, run } of learnerConformance(learner, { cannot: ['dropout', 'calls'], ...common })) it(name, run);
});

describe('functionLearner on native', () => {
  for (const { name, run } of learnerConformance(() => functions(set), { cannot: ['branches', 'calls'], ...common })) it(name, run);
});

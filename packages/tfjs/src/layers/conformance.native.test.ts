import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { droppingLearner, normalizingLearner } from './fixtures/learners.js';

await loadEngine('native');

const common = { live: () => tf.memory().numTensors, double: (x: tf.Tensor) => tf.mul(x, 2) };

describe('layersLearner on native', () => {
  for (const { name, run } of learnerConformance(droppingLearner, { cannot: ['branches', 'calls'], ...common })) it(name, run);
});

describe('layersLearner on native of a model with BatchNorm', () => {
  for (const { name, run } of learnerConformance(normalizingLearner, { cannot: ['branches', 'dropout', 'calls'], ...common })) it(name, run);
});

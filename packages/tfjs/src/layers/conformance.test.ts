import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { droppingLearner, normalizingLearner } from './fixtures/learners.js';

await loadEngine('wasm');

const common = { live: () => tf.memory().numTensors, double: (x: tf.Tensor) => tf.mul(x, 2) };

describe('layersLearner', () => {
  for (const { name, run } of learnerConformance(droppingLearner, { cannot: ['branches'], ...common })) it(name, run);
});

describe('layersLearner of a model with BatchNorm', () => {
  for (const { name, run } of learnerConformance(normalizingLearner, { cannot: ['branches', 'dropout'], ...common })) it(name, run);
});

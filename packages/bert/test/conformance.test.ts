import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { smallLearner } from './small-learner.js';

describe('bertPretraining', () => {
  const checks = learnerConformance(() => smallLearner('wasm'), {
    live: () => tf.memory().numTensors,
    double: (x) => tf.mul(x, 2),
    differences: { parameters: 4 },
  });
  for (const { name, run } of checks) it(name, run);
});

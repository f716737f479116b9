import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { smallLearner } from './small-learner.js';

describe('bertPretraining on native', () => {
  const checks = learnerConformance(() => smallLearner('native'), {
    cannot: ['calls'],
    live: () => tf.memory().numTensors,
    double: (x) => tf.mul(x, 2),
    differences: { parameters: 4 },
  });
  for (const { name, run } of checks) it(name, run);
});

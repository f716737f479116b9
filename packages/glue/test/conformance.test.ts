import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { fineTuning } from '../src/index.js';
import { sentiments, sentimentTask, tinyModel } from './tiny.js';

const set = (count: number) => ({ examples: sentiments(count), source: 'sentiments' });

describe('fineTuning', () => {
  const learner = () => fineTuning({ task: sentimentTask, model: tinyModel(), train: set(10), evaluation: { dev: set(6) }, batchSize: 4, engine: 'cpu' });
  const checks = learnerConformance(learner, { live: () => tf.memory().numTensors, double: (x) => tf.mul(x, 2), differences: { parameters: 8 } });
  for (const { name, run } of checks) it(name, run);
});

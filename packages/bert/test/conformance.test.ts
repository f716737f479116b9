import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { bertPretraining } from '../src/index.js';
import { oracleBatches, oracleConfig, oracleData } from './oracle.js';

const learner = () =>
  bertPretraining({
    ...oracleConfig('pre'),
    hiddenSize: 16,
    intermediateSize: 32,
    numAttentionHeads: 2,
    numHiddenLayers: 2,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    objective: ['mlm', 'nsp'],
    data: { train: oracleData(), evaluation: { held: oracleBatches().slice(0, 1) } },
    defaults: [],
    engine: 'wasm',
  });

describe('bertPretraining', () => {
  const checks = learnerConformance(learner, {
    live: () => tf.memory().numTensors,
    double: (x) => tf.mul(x, 2),
    differences: { parameters: 4 },
  });
  for (const { name, run } of checks) it(name, run);
});

import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { dropout } from '../ops/index.js';
import { mlp } from './fixtures/mlp.js';
import { functionLearner } from './index.js';

const live = (): number => tf.memory().numTensors;
const double = (x: tf.Tensor): tf.Tensor => tf.mul(x, 2);

const rows = (key: number, count: number): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: 4 * count }, (_, i) => Math.sin(key + 1.7 * i)),
    [count, 4],
  );

/** Two residual blocks of one's own functions, with dropout in each and before the first. */
function functions({ xs, ys }: { readonly xs: tf.Tensor2D; readonly ys: tf.Tensor2D }) {
  const drawn = tf.tidy(() => Object.fromEntries(['stem', 'layer.0', 'layer.1', 'head'].map((name, i) => [name, tf.mul(rows(10 + i, 4), 0.7)])));
  try {
    return functionLearner({
      parameters: drawn,
      data: { xs, ys, batchSize: 4 },
      evaluation: { dev: { xs, ys, batchSize: 5 } },
      loss: 'meanSquaredError',
      forward: (x: tf.Tensor2D, { block, get, mode, seed }) => {
        const thinned = (h: tf.Tensor, key: readonly [number, number]) => (mode === 'train' ? dropout(h, 0.2, key) : h);
        const stem = thinned(tf.matMul(x, get('stem') as tf.Tensor2D), seed);
        const top = ['layer.0', 'layer.1'].reduce(
          (h, name) => block(name, h, (u, scope) => tf.add(u, thinned(tf.tanh(tf.matMul(u as tf.Tensor2D, get(name) as tf.Tensor2D)), scope.seed))),
          stem,
        );
        return tf.matMul(top as tf.Tensor2D, get('head') as tf.Tensor2D);
      },
    });
  } finally {
    tf.dispose(drawn);
  }
}

describe('on cpu', () => {
  beforeAll(() => loadEngine('cpu'));

  describe('tensorLearner', () => {
    const learner = () => mlp({ depth: 3, optimizer: { type: 'adamw', weightDecay: 0.1 } });
    for (const { name, run } of learnerConformance(learner, { cannot: ['dropout'], live, double })) it(name, run);
  });
});

describe('on wasm', () => {
  let set: { readonly xs: tf.Tensor2D; readonly ys: tf.Tensor2D };
  beforeAll(async () => {
    await loadEngine('wasm');
    set = { xs: rows(0, 10), ys: rows(1, 10) };
  });

  describe('tensorLearner with LAMB, normalised after the sum', () => {
    const learner = () => mlp({ depth: 2, post: true, optimizer: { type: 'lamb', weightDecay: 0.1 } });
    for (const { name, run } of learnerConformance(learner, { cannot: ['dropout'], live, double })) it(name, run);
  });

  describe('functionLearner', () => {
    for (const { name, run } of learnerConformance(() => functions(set), { cannot: ['branches'], live, double })) it(name, run);
  });
});

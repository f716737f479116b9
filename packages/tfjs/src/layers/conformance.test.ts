import { learnerConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { layersLearner } from './index.js';

await loadEngine('wasm');

const rows = (key: number, count: number): tf.Tensor =>
  tf.tensor2d(
    Float32Array.from({ length: 4 * count }, (_, i) => Math.sin(key + 1.7 * i)),
    [count, 4],
  );
const [xs, ys] = [rows(0, 10), rows(1, 10)];

/** Two blocks with dropout, one behind the other, a penalty in the second, dropout before the head. */
function made() {
  const dense = (name: string, seed: number, penalty = 0) =>
    tfl.layers.dense({
      name,
      units: 4,
      activation: 'tanh',
      kernelInitializer: tfl.initializers.glorotUniform({ seed }),
      ...(penalty > 0 ? { kernelRegularizer: tfl.regularizers.l2({ l2: penalty }) } : {}),
    });
  const input = tfl.input({ shape: [4] });
  let x = dense('stem', 1).apply(input) as tfl.SymbolicTensor;
  for (const i of [0, 1]) {
    const inside = tfl.layers.dropout({ rate: 0.2 }).apply(dense(`inside${i}`, i + 2, i * 0.05).apply(x)) as tfl.SymbolicTensor;
    x = tfl.layers.add({ name: `block${i}` }).apply([x, inside]) as tfl.SymbolicTensor;
  }
  const model = tfl.model({ inputs: input, outputs: dense('head', 9).apply(tfl.layers.dropout({ rate: 0.1 }).apply(x)) as tfl.SymbolicTensor });
  const learner = layersLearner(model, {
    loss: 'meanSquaredError',
    optimizer: { type: 'adamw' },
    data: { xs, ys, batchSize: 4 },
    evaluation: { dev: { xs, ys } },
  });
  const dispose = (): void => {
    learner.dispose();
    model.dispose();
  };
  return { ...learner, dispose };
}

describe('layersLearner', () => {
  const live = (): number => tf.memory().numTensors;
  for (const { name, run } of learnerConformance(made, { cannot: ['branches'], live, double: (x: tf.Tensor) => tf.mul(x, 2) })) it(name, run);
});

import { createTrainer, evaluateEvery } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { layersLearner } from './index.js';

await loadEngine('cpu');
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const rows = 9;
const xs = tf.randomNormal([rows, 3], 0, 1, 'float32', 1);
const numbers = Array.from({ length: rows }, (_, i) => (i * 7) % 3);

/** A residual block and a classifier on it, the same at each call. */
function classifier(units: number, loss: string | ((target: tf.Tensor, y: tf.Tensor) => tf.Tensor)): tfl.LayersModel {
  const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
  const input = tfl.input({ shape: [3] });
  const inside = tfl.layers.dense({ name: 'inside', units: 3, activation: 'tanh', kernelInitializer: seeded(1) }).apply(input) as tfl.SymbolicTensor;
  const x = tfl.layers.add({ name: 'block' }).apply([input, inside]) as tfl.SymbolicTensor;
  const head = tfl.layers.dense({ name: 'classes', units, activation: units === 1 ? 'sigmoid' : 'softmax', kernelInitializer: seeded(2) });
  const model = tfl.model({ inputs: input, outputs: head.apply(x) as tfl.SymbolicTensor });
  model.compile({ optimizer: tf.train.sgd(0.5), loss });
  return model;
}

it.each<[string, number, string, () => tf.Tensor, Record<number, number>]>([
  ['shares', 3, 'categoricalCrossentropy', () => tf.cast(tf.oneHot(tf.tensor1d(numbers, 'int32'), 3), 'float32'), { 0: 1, 1: 5, 2: 0.5 }],
  ['numbers', 3, 'sparseCategoricalCrossentropy', () => tf.tensor1d(numbers), { 0: 1, 1: 5, 2: 0.5 }],
  ['yes and no', 1, 'binaryCrossentropy', () => tf.tensor1d(numbers.map((one) => (one === 1 ? 1 : 0))), { 0: 0.5, 1: 4 }],
])('weighs classes given as %s as fit does, and evaluates without', async (_, units, loss, ys, classWeight) => {
  const [theirs, ours] = [classifier(units, loss), classifier(units, loss)];
  const targets = ys();
  const fitted = await theirs.fit(xs, targets, { epochs: 4, batchSize: rows, shuffle: false, verbose: 0, classWeight });
  const data = { xs, ys: targets, batchSize: rows, shuffle: false };
  const learner = layersLearner(ours, { data, evaluation: { dev: data }, classWeight });
  const losses: number[] = [];
  const trainer = createTrainer({ learner, plugins: [evaluateEvery({ steps: 4 })], steps: 4 });
  trainer.on('step', (step) => void losses.push(step.loss));
  const { metrics } = await trainer.run();
  expect(losses.length).toBe(4);
  for (const [i, value] of losses.entries()) expect(value).toBeCloseTo(fitted.history['loss']?.[i] as number, 5);
  const plain = (theirs.evaluate(xs, targets, { batchSize: rows }) as tf.Scalar).dataSync()[0] as number;
  expect(metrics['dev']?.['loss']).toBeCloseTo(plain, 5);
  expect(Math.abs(plain - (losses[3] as number))).toBeGreaterThan(0.05);
});

it.each<[string, object, RegExp]>([
  ['a class that is not there', { 3: 1 }, /names a class '3', and 'classes' has 3; classes are numbers from 0 to 2/],
  ['a factor below zero', { 1: -1 }, /of class 1 of 'classes' is -1/],
  ['an output that is not there', { classs: { 1: 2 } }, /'classs', which is no output of the model; did you mean 'classes'\?/],
  ['a number', 2 as never, /option 'classWeight': must be numbers by class/],
])('refuses %s', (_, classWeight, message) => {
  const model = classifier(3, 'sparseCategoricalCrossentropy');
  expect(() => layersLearner(model, { data: { xs, ys: tf.tensor1d(numbers) }, classWeight: classWeight as never })).toThrow(
    expect.objectContaining({ code: 'HOOKLINE_OPTIONS', message: expect.stringMatching(message) }),
  );
});

it('refuses a loss that is one number for all rows', async () => {
  const model = classifier(3, (target, y) => tf.mean(tf.squaredDifference(target, y)));
  const learner = layersLearner(model, { data: { xs, ys: tf.ones([rows, 3]) }, classWeight: { 1: 2 } });
  await expect(createTrainer({ learner, steps: 1 }).run()).rejects.toMatchObject({ code: 'HOOKLINE_LOSS', message: expect.stringContaining('cannot weigh') });
});

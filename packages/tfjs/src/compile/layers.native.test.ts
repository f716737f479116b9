/** Layers of tf.layers, which know nothing of `compile`, train compiled as they train op by op. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { compile, compileStatistics, freeCompiled } from './index.js';

beforeAll(async () => {
  await loadEngine('native');
});

type Apply = (x: tf.Tensor) => tf.Tensor;

/** Two residual blocks with batch normalization, of which a moving average is assigned at each step, and a head; initial weights by `seed`. */
function residualNetwork(through: (block: Apply, name: string) => Apply) {
  const seeded = (seed: number) => layers.initializers.glorotUniform({ seed });
  const train = { training: true };
  const apply = (layer: layers.layers.Layer, x: tf.Tensor): tf.Tensor => layer.apply(x, train) as tf.Tensor;
  const blocks = [0, 1].map((i) => {
    const convolution = layers.layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer: seeded(i + 1) });
    const norm = layers.layers.batchNormalization();
    return through((x) => tf.tidy(() => tf.add(x, tf.relu(apply(norm, apply(convolution, x))))), `block ${i}`);
  });
  const dense = layers.layers.dense({ units: 2, kernelInitializer: seeded(9) });
  const head = through((x) => tf.tidy(() => apply(dense, tf.mean(x, [1, 2]))), 'head');
  return (x: tf.Tensor): tf.Tensor => head(blocks.reduce((at, block) => block(at), x));
}

const images = (step: number) =>
  tf.tensor4d(
    Float32Array.from({ length: 4 * 5 * 5 * 3 }, (_, i) => Math.sin(1 + step + 0.7 * i)),
    [4, 5, 5, 3],
  );

/** Losses of some steps of Adam, and every variable after the last. */
function train(through: (block: Apply, name: string) => Apply): { readonly losses: readonly number[]; readonly variables: readonly Float32Array[] } {
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  const network = residualNetwork(through);
  tf.tidy(() => void network(images(0))); // makes the variables
  const optimizer = tf.train.adam(0.01);
  const labels = tf.tensor2d([1, 0, 0, 1, 1, 0, 0, 1], [4, 2]);
  const losses = Array.from({ length: 6 }, (_, step) => {
    const x = images(step);
    const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, network(x)) as tf.Scalar, true) as tf.Scalar;
    const [value] = loss.dataSync();
    tf.dispose([loss, x]);
    return value as number;
  });
  optimizer.dispose();
  labels.dispose();
  const made = Object.entries(tf.engine().registeredVariables).filter(([name]) => !before.has(name));
  const variables = made.map(([, variable]) => Float32Array.from(variable.dataSync()));
  for (const [, variable] of made) variable.dispose();
  return { losses, variables };
}

it('a residual CNN of tf.layers follows itself op by op: losses, weights and moving averages', () => {
  const compiled: Apply[] = [];
  const refused: string[] = [];
  const plain = train((block) => block);
  const was = compileStatistics().replays;
  const quick = train((block, name) => {
    const fast = compile(block, { name, warn: (line) => refused.push(line) });
    compiled.push(fast);
    return fast;
  });
  expect(refused).toEqual([]);
  expect(compileStatistics().replays - was).toBe(7 * 3);
  for (const [i, loss] of quick.losses.entries()) expect(loss).toBeCloseTo(plain.losses[i] as number, 4);
  expect(quick.variables.length).toBe(plain.variables.length);
  expect(quick.variables.length).toBeGreaterThanOrEqual(12); // 1 of each convolution, whose bias the normalization would take away, 4 of each normalization, 2 of the head
  for (const [i, values] of quick.variables.entries())
    for (const [j, value] of values.entries()) expect(value).toBeCloseTo(plain.variables[i]?.[j] as number, 3);
  for (const fast of compiled) freeCompiled(fast);
});

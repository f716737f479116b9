/** One model trained by functionLearner, layersLearner, and model.fit under gates. */
import { type Block, createTrainer, during, mergeGates, type Plugin } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { functionLearner } from '../learner/index.js';
import { gatingCallback, layersLearner, layerWeights } from './index.js';

await loadEngine('cpu');

const blocks = ['block0', 'block1', 'block2'];
const noise = (key: number, shape: [number, number]) =>
  tf.tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(key + 78.233 * i)),
    shape,
  );
const [xs, ys] = [noise(1, [12, 5]), noise(2, [12, 2])];
const data = { xs, ys, batchSize: 4, shuffle: false };
const rate = 0.01;

function network(): tfl.LayersModel {
  let seed = 1;
  const dense = (name: string, units: number, activation?: 'tanh') =>
    tfl.layers.dense({ name, units, kernelInitializer: tfl.initializers.glorotUniform({ seed: seed++ }), ...(activation ? { activation } : {}) });
  const input = tfl.input({ shape: [5] });
  let x = dense('stem', 4).apply(input) as tfl.SymbolicTensor;
  for (const [i, name] of blocks.entries()) {
    const branch = dense(`down${i}`, 4).apply(dense(`up${i}`, 6, 'tanh').apply(x)) as tfl.SymbolicTensor;
    x = tfl.layers.add({ name }).apply([x, branch]) as tfl.SymbolicTensor;
  }
  return tfl.model({ inputs: input, outputs: dense('head', 2).apply(x) as tfl.SymbolicTensor });
}

/** The same model as functions over its weights. */
const forward = (x: tf.Tensor2D, { block, get }: { readonly block: Block<tf.Tensor>; readonly get: (name: string) => tf.Tensor }): tf.Tensor => {
  const dense = (name: string, at: tf.Tensor) => tf.add(tf.matMul(at as tf.Tensor2D, get(`${name}/kernel`) as tf.Tensor2D), get(`${name}/bias`));
  const top = blocks.reduce((h, name, i) => block(name, h, (u) => tf.add(u, dense(`down${i}`, tf.tanh(dense(`up${i}`, u))))), dense('stem', x) as tf.Tensor);
  return dense('head', top);
};

/** Closes blocks in turn; gains of 2 in every third step. */
const inTurn: Plugin = {
  name: 'in-turn',
  onStep: during('begin', (step) => ({
    ...step,
    gates: mergeGates(
      step.gates,
      step.gates.map((gate, i) => ({ ...gate, active: (step.index + i) % 3 !== 0, gain: step.index % 3 === 0 ? 2 : 1 })),
    ),
  })),
};

const nearly = (found: ArrayLike<number>, expected: readonly number[], relative: number) => {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of Array.from(found).entries())
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(relative * Math.max(1e-2, Math.abs(expected[i] as number)));
};

it.each<[string, number, readonly Plugin[]]>([
  ['with all gates open, over 51 steps', 51, []],
  ['with blocks left out, over 21 steps', 21, [inTurn]],
])('all three agree in losses, weights and moments %s', async (_, steps, plugins) => {
  const fitted = network();
  fitted.compile({ optimizer: tf.train.adam(rate), loss: 'meanSquaredError' });
  const expected: number[] = [];
  const ear = new tfl.CustomCallback({ onBatchEnd: async (_batch, logs) => void expected.push(logs?.['loss'] as number) });
  const callbacks = [gatingCallback(fitted, ...plugins), ear];
  await fitted.fit(xs, ys, { epochs: steps / 3, batchSize: 4, shuffle: false, verbose: 0, callbacks });
  const names = [...layerWeights(fitted).keys()];
  const order = fitted.trainableWeights.map((weight) => names.find((name) => layerWeights(fitted).get(name)?.variable === weight) as string);
  const moments = (await fitted.optimizer.getWeights()).slice(1).map(({ tensor }) => [...tensor.dataSync()]);

  const layered = network();
  layered.compile({ optimizer: tf.train.adam(rate), loss: 'meanSquaredError' });
  const functional = network();
  const parameters = Object.fromEntries([...layerWeights(functional)].map(([name, { variable }]) => [name, variable.read() as tf.Variable]));
  const loss = (output: tf.Tensor, targets: tf.Tensor) => tf.mean(tf.squaredDifference(output, targets));
  const learners = [layersLearner(layered, { data }), functionLearner({ parameters, forward, loss, data, optimizer: { type: 'adam' } })];
  for (const learner of learners) {
    const losses: number[] = [];
    const trainer = createTrainer({ learner: learner as (typeof learners)[0], plugins, steps, learningRate: rate });
    trainer.on('step', (news) => void losses.push(news.loss));
    await trainer.run();
    nearly(losses, expected, 1e-6);
    const saved = learner.save();
    for (const [i, name] of order.entries()) {
      nearly(saved[`weights/${name}`]?.data ?? [], [...(layerWeights(fitted).get(name)?.variable.read().dataSync() ?? [])], 1e-4);
      nearly(saved[`adam.m/${name}`]?.data ?? [], moments[i] as number[], 1e-4);
      nearly(saved[`adam.v/${name}`]?.data ?? [], moments[order.length + i] as number[], 1e-4);
    }
    learner.dispose();
  }
});

import { type Block, openGates } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { kernelCounts } from '../kernels.js';
import { gatedModel } from './index.js';

beforeAll(async () => {
  await loadEngine('cpu');
});

type Sym = tfl.SymbolicTensor;
const dense = (name: string, units: number, activation?: 'relu') => tfl.layers.dense({ name, units, ...(activation ? { activation } : {}) });
const twoBlocks = (): tfl.LayersModel => {
  const input = tfl.input({ shape: [5] });
  let x = dense('stem', 4).apply(input) as Sym;
  for (const i of [0, 1]) {
    const f = dense(`up${i}`, 8, 'relu').apply(x) as Sym;
    const g = dense(`down${i}`, 4).apply(f) as Sym;
    x = tfl.layers.add({ name: `add${i}` }).apply([x, g]) as Sym;
  }
  return tfl.model({ inputs: input, outputs: dense('head', 2).apply(x) as Sym });
};
/** Blocks that are open but for those named. */
const gate =
  (...closed: string[]): Block<tf.Tensor> =>
  (name, x, body, ...inputs) =>
    closed.includes(name) ? x : body(x, { branch: (_, at, f, after) => (after ?? ((s) => s))(tf.add(at, f(at))), seed: [0, 0], mode: 'train' }, ...inputs);

it('finds the blocks of a functional model, runs it exactly, and skips what a closed block holds', () => {
  const model = twoBlocks();
  const gated = gatedModel(model);
  expect(gated.rows.map(({ name, begins, layers, parameters, weights }) => ({ name, begins, layers, parameters, weights }))).toEqual([
    { name: 'add0', begins: 'stem', layers: ['up0', 'down0'], parameters: ['up0/kernel', 'up0/bias', 'down0/kernel', 'down0/bias'], weights: 76 },
    { name: 'add1', begins: 'add0', layers: ['up1', 'down1'], parameters: ['up1/kernel', 'up1/bias', 'down1/kernel', 'down1/bias'], weights: 76 },
  ]);
  expect(gated.blocks.map(({ cost }) => cost)).toEqual([1, 1]);
  const x = tf.randomNormal([3, 5], 0, 1, 'float32', 1);
  const [y] = gated.apply([x], gate());
  expect(y?.dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  const counts = kernelCounts(() => gated.apply([x], gate('add0')));
  expect(counts['Add']).toBe(1);
  expect([...gated.skipped(openGates(gated.blocks).map((g) => ({ ...g, active: g.name !== 'add0' })))].map(({ name }) => name)).toEqual([
    'up0',
    'down0',
    'add0',
  ]);
});

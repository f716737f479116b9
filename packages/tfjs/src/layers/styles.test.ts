import { readFileSync } from 'node:fs';
import type { Block } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { longSkip, manyBranches, masked, mixer, postNorm, preActivation, vit } from './fixtures/styles.js';
import { gatedModel, residualBlocks } from './index.js';

beforeAll(async () => {
  await loadEngine('cpu');
});
afterEach(() => tf.disposeVariables());

const open: Block<tf.Tensor> = (_, x, body, ...inputs) =>
  body(x, { branch: (_name, at, f, after = (sum) => sum) => after(tf.add(at, f(at))), seed: [0, 0], mode: 'train' }, ...inputs);
const shut: Block<tf.Tensor> = (_, x, _body, ..._inputs) => x;

/** A batch of two for each input, integers where the model wants such. */
const batch = (model: tfl.LayersModel): tf.Tensor[] =>
  model.inputs.map(({ shape, dtype }, i) => {
    const sizes = [2, ...shape.slice(1).map(Number)];
    const count = tf.util.sizeFromShape(sizes);
    return dtype === 'int32'
      ? tf.tensor(
          Int32Array.from({ length: count }, (_, k) => (k * 5 + i) % 7),
          sizes,
          'int32',
        )
      : tf.tensor(
          Float32Array.from({ length: count }, (_, k) => Math.sin(1 + i + 1.3 * k)),
          sizes,
        );
  });
const numbers = (tensors: tf.Tensor | tf.Tensor[]): Float32Array[] => [tensors].flat().map((tensor) => tensor.dataSync<'float32'>());

/** Every block in a line: name, where it begins, what it skips, what stays of a projection. */
const lines = (model: tfl.LayersModel, options?: Parameters<typeof residualBlocks>[1]): string[] =>
  residualBlocks(model, options).map(
    ({ name, begins, layers, shortcut }) => `${name}: ${begins} > ${layers.join(' ')}${shortcut.length > 0 ? ` | ${shortcut.join(' ')}` : ''}`,
  );

/** With all blocks open the model's own numbers; with none another, finite, of the same shape; the model is what it was. */
function runs(model: tfl.LayersModel, exact = true): void {
  const before = JSON.stringify(model.toJSON());
  const gated = gatedModel(model);
  const inputs = batch(model);
  for (const training of [false, true]) {
    const wanted = numbers(model.apply(inputs, { training }) as tf.Tensor[]);
    const got = numbers(gated.apply(inputs, open, { training }));
    if (exact) expect(got).toEqual(wanted);
    else for (const [i, values] of wanted.entries()) for (const [j, value] of values.entries()) expect(got[i]?.[j]).toBeCloseTo(value, 4);
    const closed = numbers(gated.apply(inputs, shut, { training }));
    expect(closed.map(({ length }) => length)).toEqual(wanted.map(({ length }) => length));
    expect(closed).not.toEqual(wanted);
    expect(closed.every((values) => values.every(Number.isFinite))).toBe(true);
  }
  expect(gated.rows.reduce((sum, { share }) => sum + share, 0)).toBeLessThan(1);
  expect(gated.blocks.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(gated.blocks.length, 9);
  expect(JSON.stringify(model.toJSON())).toBe(before);
}

describe('networks of tf.layers', () => {
  it('pre-activation: the projection begins after the first activation, and stays', () => {
    const model = preActivation();
    expect(lines(model)).toEqual(['add0: stem > n0a r0a c0a n0b r0b c0b', 'add1: r1a > c1a n1b r1b c1b | p1', 'add2: add1 > n2a r2a c2a n2b r2b c2b']);
    runs(model);
  });

  it('several branches in one sum: one block; the activation after it goes with it', () => {
    const model = manyBranches();
    const branch = (i: number) => [2, 1, 0].map((k) => `c${i}${k}a r${i}${k} c${i}${k}b n${i}${k}`).join(' ');
    expect(lines(model)).toEqual([`add0: stem_relu > ${branch(0)} out0`, `add1: out0 > ${branch(1)} out1`]);
    expect(gatedModel(model).blocks[0]).toMatchObject({ name: 'add0', branches: ['residual'] });
    runs(model, false);
  });

  it('MLP-Mixer: a block over tokens and one over channels, by turns; the last LayerNorm stays', () => {
    const model = mixer();
    expect(lines(model)).toEqual([
      'tokens0: tokens > ln0a turn0 t0a t0b back0',
      'channels0: tokens0 > ln0b h0a h0b',
      'tokens1: channels0 > ln1a turn1 t1a t1b back1',
      'channels1: tokens1 > ln1b h1a h1b',
    ]);
    expect(gatedModel(model).blocks.map(({ norm, branches }) => [norm, branches.length])).toEqual(Array(4).fill(['pre', 0]));
    runs(model);
  });

  it('a vision transformer: the sum of scores and mask is no residual, the mask an input of the block', () => {
    const model = vit();
    expect(residualBlocks(model).map(({ name, layers }) => [name, layers.length])).toEqual([
      ['att0', 9],
      ['mlp0', 3],
      ['att1', 9],
      ['mlp1', 3],
    ]);
    runs(model);
  });

  it('attention and feed-forward side by side, behind one LayerNorm: one block', () => {
    const warned: string[] = [];
    const model = vit({ parallel: true });
    expect(residualBlocks(model, { warn: (line) => warned.push(line) }).map(({ name, begins, layers }) => [name, begins, layers.length])).toEqual([
      ['mlp0', 'embed', 12],
      ['mlp1', 'mlp0', 12],
    ]);
    expect(warned).toEqual([]);
    runs(model);
  });

  it('PostLN: the LayerNorm goes with the block where x has been through one, and gains are refused by `norm`', () => {
    const model = postNorm();
    expect(residualBlocks(model).map(({ name, begins, layers }) => [name, begins, layers.at(-1)])).toEqual([
      ['att0', 'embed', 'a0_o'],
      ['mlp0', 'ln0a', 'ln0b'],
      ['att1', 'ln0b', 'ln1a'],
      ['mlp1', 'ln1a', 'ln1b'],
    ]);
    expect(gatedModel(model).blocks.map(({ norm, branches }) => [norm, branches.length])).toEqual([['post', 0], ...Array(3).fill(['post', 1])]);
    runs(model);
  });

  it('a skip over the whole stack: the blocks are those of the stack, or one, as asked for', () => {
    const model = longSkip();
    const names = (nested?: 'group' | 'apart') => residualBlocks(model, nested ? { nested } : {}).map(({ name }) => name);
    expect(names()).toEqual(['add0', 'add1', 'add2']);
    expect(names('apart')).toEqual(names());
    expect(names('group')).toEqual(['whole']);
    runs(model);
  });

  it('masks reach the layers of a branch as they would', () => {
    const model = masked();
    expect(lines(model)).toEqual(['sum: embed > read again']);
    runs(model);
    const given: number[] = [];
    gatedModel(model).apply(batch(model), (name, x, body, ...inputs) => {
      given.push(inputs.length);
      return open(name, x, body, ...inputs);
    });
    expect(given).toEqual([1]); // nothing is captured

    const words = tfl.input({ name: 'w', shape: [5], dtype: 'int32' });
    const embedded = model.getLayer('embed').apply(words) as tfl.SymbolicTensor;
    const [read, last] = [true, false].map((returnSequences) => tfl.layers.lstm({ units: 4, returnSequences, recurrentInitializer: 'glorotUniform' }));
    const end = (x: tfl.SymbolicTensor) => tfl.model({ inputs: words, outputs: last?.apply(x) as tfl.SymbolicTensor });
    const without = end(embedded); // a closed block hands x's mask on
    const gated = gatedModel(end(tfl.layers.add().apply([embedded, read?.apply(embedded) as tfl.SymbolicTensor]) as tfl.SymbolicTensor));
    expect(numbers(gated.apply(batch(without), shut))).toEqual(numbers(without.predict(batch(without)) as tf.Tensor));
  });

  it('the LayerNorm before the head stays where a single PreLN block begins with one', () => {
    const x = tfl.layers.layerNormalization({ name: 'first' }).apply(tfl.input({ name: 'x', shape: [4] })) as tfl.SymbolicTensor;
    const f = tfl.layers.dense({ name: 'f', units: 4 }).apply(tfl.layers.layerNormalization({ name: 'pre' }).apply(x)) as tfl.SymbolicTensor;
    const sum = tfl.layers.add({ name: 'sum' }).apply([x, f]) as tfl.SymbolicTensor;
    const net = tfl.model({
      inputs: x.inputs[0] as tfl.SymbolicTensor,
      outputs: tfl.layers.layerNormalization({ name: 'last' }).apply(sum) as tfl.SymbolicTensor,
    });
    expect(lines(net)).toEqual(['sum: first > pre f']);
  });
});

describe('networks of Keras', () => {
  const load = (name: string): Promise<tfl.LayersModel> =>
    tfl.models.modelFromJSON(JSON.parse(readFileSync(new URL(`fixtures/keras/${name}.json`, import.meta.url), 'utf8')).modelTopology);

  it('ResNet: projections with normalization; the last activation stays after them', async () => {
    const model = await load('resnet_v1');
    const branch = (block: string) => [1, 2, 3].flatMap((k) => ['conv', 'bn', ...(k < 3 ? ['relu'] : [])].map((part) => `${block}_${k}_${part}`)).join(' ');
    expect(lines(model)).toEqual([
      `conv2_block1_add: pool1_pool > ${branch('conv2_block1')} | conv2_block1_0_conv conv2_block1_0_bn`,
      `conv2_block2_add: conv2_block1_out > ${branch('conv2_block2')} conv2_block2_out`,
      `conv3_block1_add: conv2_block2_out > ${branch('conv3_block1')} | conv3_block1_0_conv conv3_block1_0_bn`,
      `conv3_block2_add: conv3_block1_out > ${branch('conv3_block2')} conv3_block2_out`,
      `conv3_block3_add: conv3_block2_out > ${branch('conv3_block3')} conv3_block3_out`,
    ]);
    runs(model);
  });

  it('ResNet v2: a pooling shortcut where only the size changes', async () => {
    const model = await load('resnet_v2');
    const blocks = residualBlocks(model);
    expect(blocks.map(({ name, begins, shortcut }) => [name, begins, ...shortcut])).toEqual([
      ['conv2_block1_out', 'conv2_block1_preact_relu', 'conv2_block1_0_conv'],
      ['conv2_block2_out', 'conv2_block1_out'],
      ['conv2_block3_out', 'conv2_block2_out', 'max_pooling2d'],
      ['conv3_block1_out', 'conv3_block1_preact_relu', 'conv3_block1_0_conv'],
      ['conv3_block2_out', 'conv3_block1_out'],
    ]);
    expect(blocks[2]?.layers[0]).toBe('conv2_block3_preact_bn');
    runs(model);
  });

  it('MobileNet v2: inverted residuals where sizes agree', async () => {
    const model = await load('inverted_residuals');
    expect(residualBlocks(model).map(({ name, begins, layers }) => [name, begins, layers.length])).toEqual([
      ['block_1_add', 'input_layer', 8],
      ['block_3_add', 'block_2_project_BN', 8],
      ['block_4_add', 'block_3_add', 8],
    ]);
    runs(model);
  });

  it('a model used twice and one inside a Sequential: each use is a block of its own, with no weights to itself where they are shared', async () => {
    const model = await load('two_towers');
    expect(residualBlocks(model).map(({ name, parameters }) => [name, parameters.length])).toEqual([
      ['encoder/add_0', 0],
      ['encoder:1/add_0', 0],
      ['encoder/add_1', 0],
      ['encoder:1/add_1', 0],
      ['head/block/mix_add', 2],
    ]);
    const gated = gatedModel(model);
    const inputs = batch(model);
    expect(numbers(gated.apply(inputs, open))).toEqual(numbers(model.predict(inputs) as tf.Tensor));
    const skipped = (...closed: string[]) =>
      [...gated.skipped(gated.blocks.map(({ name }) => ({ name, active: !closed.includes(name), gain: 1, branches: {} })))].map(({ name }) => name);
    expect(skipped('encoder/add_0')).toEqual([]);
    expect(skipped('encoder/add_0', 'encoder:1/add_0')).toEqual(['norm_0', 'up_0', 'down_0', 'drop_0', 'add_0']);
  });

  it('a Sequential with a residual network in its middle', async () => {
    const model = await load('sequential');
    expect(lines(model)).toEqual(['body/sum_0: body/body_in > body/conv_0a body/conv_0b', 'body/sum_1: body/sum_0 > body/conv_1a body/conv_1b']);
    runs(model);
  });
});

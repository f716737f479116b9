import { accumulateGradients, type Block, createTrainer, during, evaluateEvery, type Learner, mergeGates, type Plugin, weightAveraging } from '@hookline/core';
import { resumeConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { linear, softmaxCrossEntropy } from '../ops/index.js';
import { noise } from './fixtures/mlp.js';
import { forwardWith, initial, type Options, residualFunction, rows, WIDTH } from './fixtures/residual-function.js';
import { accuracy, createParameters, functionLearner } from './index.js';

type TfLearner = Learner<never, tf.Tensor>;

await loadEngine('cpu');
const made: TfLearner[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.dispose();
});
const learnerOf = (change: Partial<Options> = {}) => {
  const learner = residualFunction(change);
  made.push(learner as unknown as TfLearner);
  return learner;
};

/** Losses of a short run. */
async function losses(learner: Learner, plugins: readonly Plugin[] = [], steps = 6): Promise<number[]> {
  const trainer = createTrainer({ learner, plugins, steps, seed: 1, learningRate: 0.01 });
  const seen: number[] = [];
  trainer.on('step', ({ loss }) => void seen.push(loss));
  await trainer.run();
  return seen;
}

const dropping: Plugin = {
  name: 'dropping',
  setup: (run) => ({
    onStep: during('begin', (step) => ({
      ...step,
      gates: mergeGates(
        step.gates,
        step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.6, gain: 1.5 })),
      ),
    })),
  }),
};

describe('the blocks', () => {
  it('are found, with branches, the parameters that each uses alone, and their share of the compute', () => {
    const { blocks, data } = learnerOf();
    expect(blocks.map(({ cost, ...rest }) => ({ ...rest, cost: Number(cost.toFixed(6)) }))).toEqual(
      [0, 1, 2].map((i) => ({
        name: `layer.${i}`,
        branches: ['a', 'b'],
        parameters: [`layer.${i}.a`, `layer.${i}.b`],
        branchParameters: { a: [`layer.${i}.a`], b: [`layer.${i}.b`] },
        cost: 1,
      })),
    );
    expect(data.batchesPerEpoch).toBe(3);
  });

  it('cost what their products and convolutions cost', () => {
    const narrow = tf.variable(tf.ones([4, 4]));
    const filter = tf.variable(tf.ones([3, 3, 2, 2]));
    const learner = functionLearner({
      parameters: { narrow, filter },
      forward: (x: tf.Tensor, { block }) => {
        const h = block('product', x, (at) => tf.matMul(at as tf.Tensor2D, narrow as tf.Tensor2D)); // 2·3·32·4 = 768
        const image = tf.reshape(h, [3, 4, 4, 2]);
        return block('convolution', image, (at) => tf.conv2d(at as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same')); // 2·96·9·2 = 3456
      },
      loss: (y) => tf.mean(y),
      data: { xs: tf.ones([24, 4]), ys: tf.ones([24]), batchSize: 24 },
    });
    expect(learner.blocks.map(({ cost }) => cost)).toEqual([768 / 2112, 3456 / 2112]);
    expect(learner.blocks.map(({ parameters }) => parameters)).toEqual([['narrow'], ['filter']]);
    learner.dispose();
    tf.dispose([narrow, filter]); // the caller's own: the learner has left them
  });

  it.each<[string, (x: tf.Tensor, block: Block<tf.Tensor>) => tf.Tensor, string, RegExp]>([
    ['a block named twice', (x, block) => block('a', block('a', x, tf.tanh), tf.tanh), 'HOOKLINE_BLOCK', /two blocks 'a'/],
    ['a block inside another', (x, block) => block('a', x, (at) => block('b', at, tf.tanh)), 'HOOKLINE_BLOCK', /'b' lies inside block 'a'/],
    [
      'a block of another shape',
      (x, block) => block('a', x, (at) => tf.sum(at, 1)),
      'HOOKLINE_SHAPE',
      /block 'a' answers with a tensor of shape \[4\] to one of shape \[4,4\]/,
    ],
    [
      'a branch of another shape',
      (x, block) => block('a', x, (at, { branch }) => branch('f', at, (u) => tf.sum(u, 1, true))),
      'HOOKLINE_SHAPE',
      /branch 'f' of block 'a'/,
    ],
    [
      'a branch named twice',
      (x, block) => block('a', x, (at, { branch }) => branch('f', branch('f', at, tf.tanh), tf.tanh)),
      'HOOKLINE_BRANCH',
      /two branches 'f'/,
    ],
    ['an asynchronous body', (x, block) => block('a', x, (async (at: tf.Tensor) => at) as never), 'HOOKLINE_BLOCK', /the body of block 'a' is asynchronous/],
    ['a body without an answer', (x, block) => block('a', x, (() => undefined) as never), 'HOOKLINE_BLOCK', /block 'a' returned nothing/],
    [
      'a captured tensor',
      (x, block) => {
        const mask = tf.ones([4]);
        return block('a', x, (at) => tf.mul(at, mask));
      },
      'HOOKLINE_BLOCK_CAPTURE',
      /shape \[4\].*block\(name, x/,
    ],
    ['its own input, captured', (x, block) => block('a', x, () => tf.tanh(x)), 'HOOKLINE_BLOCK_CAPTURE', /block 'a'/],
  ])('%s is refused', (_, forward, code, message) => {
    const refused = () => learnerOf({ forward: (x, { block }) => tf.sum(forward(x, block)), loss: (y) => y });
    expect(refused).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it.each<[string, number, string, RegExp]>([
    ['in another order', 1, 'HOOKLINE_BLOCK', /block 'a' ran after 'b'/],
    ['of another shape', 2, 'HOOKLINE_SHAPE', /block 'b' answers/],
    ['left out', 3, 'HOOKLINE_BLOCK', /'b'.*did not run it/],
    ['asynchronous', 4, 'HOOKLINE_BLOCK', /asynchronous/],
  ])('later %s are refused at that step', async (_, turn, code, message) => {
    let calls = 0;
    const forward: Options['forward'] = (x, { block, get }) => {
      calls++;
      const now = calls > 2 ? turn : 0;
      const order = now === 1 ? ['b', 'a'] : now === 3 ? ['a'] : ['a', 'b'];
      const body = (name: string) => (at: tf.Tensor) =>
        name === 'a' || now < 2 ? tf.tanh(at) : now === 4 ? (Promise.resolve(at) as never) : tf.sum(at, 1, true);
      return order.reduce((h, name) => block(name, h, body(name)), tf.mul(x, tf.mean(get('stem'))));
    };
    const learner = learnerOf({ forward, loss: (y) => tf.mean(y) });
    await expect(losses(learner)).rejects.toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

describe('training', () => {
  it('is the same for parameters given as host arrays, tensors, and variables that the model captures', async () => {
    const host = await losses(learnerOf(), [dropping]);
    const tensors = Object.fromEntries(Object.entries(initial()).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]));
    expect(await losses(learnerOf({ parameters: tensors }), [dropping])).toEqual(host);
    expect(await losses(learnerOf({ parameters: createParameters(initial()) }), [dropping])).toEqual(host);
    const variables: Record<string, tf.Variable> = Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, tf.variable(value)]));
    const forward: Options['forward'] = (x, { block }) => forwardWith()(x, { block, get: (name) => variables[name] as tf.Tensor });
    expect(await losses(learnerOf({ parameters: variables, forward }), [dropping])).toEqual(host);
  });

  it('over micro-batches of different counts is that over all rows, for a mean and for a sum', async () => {
    const whole = await losses(learnerOf({ data: { ...rows(), batchSize: 10, shuffle: false } }));
    const sum = (y: tf.Tensor, target: tf.Tensor) => softmaxCrossEntropy(y, target, tf.onesLike(tf.cast(target, 'float32')));
    for (const change of [{}, { loss: sum, reduction: 'sum' as const }]) {
      const parts = await losses(learnerOf(change), [accumulateGradients({ microBatches: 3 })]);
      for (const [i, loss] of parts.entries()) expect(Math.abs(loss / (whole[i] as number) - 1)).toBeLessThan(1e-5);
    }
  });

  it('resumes bit for bit, with dropping, dropout, shuffling and averaged weights', async () => {
    const learner = () =>
      residualFunction({ forward: forwardWith(0.2), data: { ...rows(), batchSize: 4, seed: 5 }, evaluation: { dev: rows() }, metrics: { accuracy } });
    const { kills } = await resumeConformance({ plugins: () => [dropping, weightAveraging({ decay: 0.9 })], learner, every: 3, kills: [1, 4], steps: 6 });
    expect(kills.map((kill) => kill.resumedAt)).toEqual([0, 3]);
  });

  it('leaves no tensor behind', async () => {
    const learner = learnerOf({ evaluation: { dev: rows() }, metrics: { accuracy } });
    await losses(learner, [], 3);
    const { numTensors } = tf.memory();
    await losses(learner, [evaluateEvery({ steps: 1 })], 6);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("follows model.fit with tf.train.adam: 50 steps of a residual tf.layers model, with the model's own variables", async () => {
    const build = () => {
      const input = layers.input({ shape: [4] });
      const dense = (key: number, units: number, fanIn: number, activation?: 'tanh') => {
        const layer = layers.layers.dense({ units, name: `dense.${key}.${Math.random()}`, ...(activation ? { activation } : {}) });
        layer.build([null, fanIn]);
        layer.setWeights([tf.tensor2d(noise(key, fanIn * units), [fanIn, units]), tf.tensor1d(noise(key + 9, units))]);
        return layer;
      };
      const chain = [dense(1, WIDTH, 4), dense(2, WIDTH, WIDTH, 'tanh'), dense(3, WIDTH, WIDTH, 'tanh'), dense(4, 3, WIDTH)] as const;
      const [stem, first, second, head] = chain;
      const add = (x: layers.SymbolicTensor, layer: layers.layers.Layer) =>
        layers.layers.add().apply([x, layer.apply(x) as layers.SymbolicTensor]) as layers.SymbolicTensor;
      const output = head.apply(add(add(stem.apply(input) as layers.SymbolicTensor, first), second)) as layers.SymbolicTensor;
      return { chain, model: layers.model({ inputs: input, outputs: output }) };
    };
    const shares = tf.cast(tf.oneHot(rows().ys as tf.Tensor1D, 3), 'float32');
    // Decays that float32 holds exactly: of 0.999 tf.train.adam's 1 − β₂ᵗ, in float32, is 5e-5 off at first, and losses differ by 2e-6.
    const theirs = build();
    theirs.model.compile({ optimizer: tf.train.adam(0.01, 0.875, 0.9375), loss: (target, y) => tf.losses.softmaxCrossEntropy(target, y) });
    const expected: number[] = [];
    const batchLoss = (_: number, logs?: layers.Logs) => void expected.push(logs?.['loss'] as number);
    await theirs.model.fit(rows().xs, shares, { epochs: 17, batchSize: 4, shuffle: false, verbose: 0, callbacks: { onBatchEnd: batchLoss } });

    const ours = build();
    const [stem, first, second, head] = ours.chain;
    const names = new Map(ours.model.getWeights(true).map((_, i) => [`w${i}`, i]));
    const parameters = Object.fromEntries([...names].map(([name, i]) => [name, ours.model.weights[i]?.read() as tf.Variable]));
    const learner = functionLearner({
      parameters,
      forward: (x: tf.Tensor, { block }) => {
        const residual = (layer: layers.layers.Layer) => (at: tf.Tensor) => tf.add(at, layer.apply(at) as tf.Tensor);
        return head.apply(block('2', block('1', stem.apply(x) as tf.Tensor, residual(first)), residual(second))) as tf.Tensor;
      },
      loss: (y, target) => tf.losses.softmaxCrossEntropy(target, y),
      data: { xs: rows().xs, ys: shares, batchSize: 4, shuffle: false },
      optimizer: { type: 'adamw', weightDecay: 0, epsilon: 1e-7, betas: [0.875, 0.9375] },
    });
    expect(learner.blocks.map((block) => block.parameters.length)).toEqual([2, 2]);
    const seen = await losses(learner, [], 50);
    for (const [i, loss] of seen.entries()) expect(Math.abs(loss / (expected[i] as number) - 1), `step ${i}`).toBeLessThan(1e-6);
    learner.dispose();
  });
});

it('a first step whose closed blocks hold all parameters trains nothing, and the next ones go on', async () => {
  const closed: Plugin = {
    name: 'closed',
    onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate) => ({ ...gate, active: step.index > 0 })) })),
  };
  const forward: Options['forward'] = (x, { block, get }) => block('only', x, (at) => tf.mul(at, tf.mean(get('stem'))));
  expect((await losses(learnerOf({ forward, loss: (y) => tf.mean(y) }), [closed])).length).toBe(6);
});

describe('evaluation', () => {
  it('answers with means over all rows, and sees averaged weights even where the model captures its variables', async () => {
    const byName = learnerOf({ evaluation: { dev: { ...rows(), batchSize: 4 } }, metrics: { accuracy } });
    const plugins = () => [weightAveraging({ decay: 0.5 }), evaluateEvery({ steps: 6 })];
    const metricsOf = async (learner: Learner) =>
      (await createTrainer({ learner, plugins: plugins(), steps: 6, seed: 1, learningRate: 0.05 }).run()).metrics['dev'];
    const expected = await metricsOf(byName);
    const whole = await byName.evaluate(
      'dev',
      ((_n, x, body, ...inputs) =>
        body(x, { seed: [0, 0], mode: 'evaluate', branch: (_b, u, f) => tf.add(u, f(u)) }, ...(inputs as never))) as Block<tf.Tensor>,
      undefined,
    );
    const variables: Record<string, tf.Variable> = Object.fromEntries(
      Object.entries(initial()).map(([name, { shape, data }]) => [name, tf.variable(tf.tensor(data, shape))]),
    );
    const forward: Options['forward'] = (x, { block }) => forwardWith()(x, { block, get: (name) => variables[name] as tf.Tensor });
    const captured = learnerOf({ parameters: variables, forward, evaluation: { dev: { ...rows(), batchSize: 10 } }, metrics: { accuracy } });
    const seen = await metricsOf(captured);
    for (const name of ['loss', 'accuracy'] as const) expect(seen?.[name]).toBeCloseTo(expected?.[name] as number, 5);
    expect(seen?.['loss']).not.toBeCloseTo(whole['loss'] as number, 3); // the trained weights are others
  });
});

describe('wrong options', () => {
  it.each<[string, Partial<Options>, string, RegExp]>([
    ['an unknown loss', { loss: 'softmaxCrossEntropie' as never }, 'HOOKLINE_OPTIONS', /no loss 'softmaxCrossEntropie'; did you mean 'softmaxCrossEntropy'\?/],
    ['a loss of a row each', { loss: (y) => tf.sum(y, 1) }, 'HOOKLINE_SHAPE', /the loss gives a tensor of shape \[4\]/],
    ['an asynchronous loss', { loss: (async () => tf.scalar(1)) as never }, 'HOOKLINE_SHAPE', /the loss gives a promise/],
    ['rows that differ', { data: { xs: tf.ones([3, 4]), ys: tf.ones([2]) } }, 'HOOKLINE_SHAPE', /3 and 2 rows/],
    [
      'data that comes later',
      { data: { batchesPerEpoch: 1, batch: async () => rows(), counts: () => ({ loss: 10 }) } },
      'HOOKLINE_OPTIONS',
      /first batch comes later.*list them in blocks/,
    ],
    ['a batch size of none', { data: { ...rows(), batchSize: 0 } }, 'HOOKLINE_OPTIONS', /batchSize/],
    ['an unknown optimizer', { optimizer: { type: 'sgdd' as never } }, 'HOOKLINE_OPTIONS', /optimizer/],
    [
      'numbers that do not fill their shape',
      { parameters: { ...initial(), head: { shape: [3, WIDTH], data: new Float32Array(4) } } },
      'HOOKLINE_PARAMETERS',
      /'head'/,
    ],
    ['whole numbers', { parameters: { stem: tf.ones([2], 'int32') } }, 'HOOKLINE_PARAMETERS', /'stem' is int32/],
    ['a parameter that is not there', { parameters: {} }, 'HOOKLINE_PARAMETERS', /no parameter 'stem'/],
    ['a misspelt option', { optimzer: { type: 'sgd' } } as never, 'HOOKLINE_OPTIONS', /no option 'optimzer'; did you mean 'optimizer'\?/],
    [
      'a misspelt option of the data',
      { data: { ...rows(), batchsize: 4 } as never },
      'HOOKLINE_OPTIONS',
      /data: there is no option 'batchsize'; did you mean 'batchSize'/,
    ],
    ['another reduction', { reduction: 'average' as never }, 'HOOKLINE_OPTIONS', /'reduction'/],
    ['no parameters', { parameters: undefined as never }, 'HOOKLINE_OPTIONS', /option 'parameters': must be an object/],
    ['no forward pass', { forward: undefined as never }, 'HOOKLINE_OPTIONS', /option 'forward': must be a function/],
    ['no loss', { loss: undefined as never }, 'HOOKLINE_OPTIONS', /option 'loss': must be a name, or a function/],
    ['no data', { data: undefined as never }, 'HOOKLINE_OPTIONS', /functionLearner: data is missing; give \{ xs, ys \}/],
    ['no targets', { data: { xs: tf.ones([3, 4]) } as never }, 'HOOKLINE_OPTIONS', /data: option 'ys': must be a tensor/],
    ['a list of tensors', { data: [tf.ones([3, 4]), tf.ones([3])] as never }, 'HOOKLINE_OPTIONS', /data is an array/],
    ['names of blocks', { blocks: ['layer.0'] as never }, 'HOOKLINE_OPTIONS', /option 'blocks\[0\]': expected object/],
    ['numbers in arrays', { parameters: { stem: [[1, 2]] } as never }, 'HOOKLINE_PARAMETERS', /'stem' is neither a tensor nor \{ shape, data \}/],
    ['the name of an optimizer', { optimizer: 'sgd' as never }, 'HOOKLINE_OPTIONS', /optimizer is 'sgd'; give options.*the rate is the trainer's/],
    ['an optimizer of tf.train', { optimizer: tf.train.adam(0.1) as never }, 'HOOKLINE_OPTIONS', /optimizer is an instance; give options/],
    [
      'a rate',
      { optimizer: { type: 'adam', learningRate: 0.1 } as never },
      'HOOKLINE_OPTIONS',
      /optimizer has an option 'learningRate'; the rate is the trainer's/,
    ],
    ['an asynchronous forward pass', { forward: (async (x: tf.Tensor) => x) as never }, 'HOOKLINE_OPTIONS', /forward is asynchronous/],
    ['a block called by a number', { forward: (x, { block }) => block(1 as never, x, tf.tanh) }, 'HOOKLINE_BLOCK', /a block is called 1; its name is a string/],
    ['a block without a body', { forward: (x, { block }) => block('a', x, undefined as never) }, 'HOOKLINE_BLOCK', /block 'a' is given no body/],
    ['a body before its tensor', { forward: (x, { block }) => block('a', tf.tanh as never, x as never) }, 'HOOKLINE_BLOCK', /block 'a' is given no tensor/],
    ['a body that answers a list', { forward: (x, { block }) => block('a', x, (at) => [at] as never) }, 'HOOKLINE_SHAPE', /block 'a' answers with an array/],
    ['a set without a name', { evaluation: rows() as never }, 'HOOKLINE_OPTIONS', /evaluation is a set without a name; name it/],
    ['a set in a list', { evaluation: { dev: [tf.ones([1])] as never } }, 'HOOKLINE_OPTIONS', /evaluation set 'dev' is an array/],
    [
      'a data set of tf.data',
      { data: { batch: () => undefined, iterator: async () => undefined, mapAsync: () => undefined } as never },
      'HOOKLINE_OPTIONS',
      /data is a data set of tf.data.*give tensors/,
    ],
    ['data without counts', { data: { batchesPerEpoch: 1, batch: () => rows() } as never }, 'HOOKLINE_OPTIONS', /data: option 'counts': must be a function/],
    [
      'batches in lists',
      { data: { batchesPerEpoch: 1, batch: () => [1] as never, counts: () => ({ loss: 1 }) } },
      'HOOKLINE_OPTIONS',
      /batch\(\) answers with an array without xs and ys/,
    ],
  ])('%s', (_, change, code, message) => {
    expect(() => learnerOf(change)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('options that are none at all', () => {
    expect(() => functionLearner(undefined as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });

  it.each([{ rows: 10 }, 10, undefined])('counts %j, which do not say the loss', async (counts) => {
    const learner = learnerOf({ data: { batchesPerEpoch: 1, batch: () => rows(), counts: () => counts as never } });
    await expect(losses(learner)).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_OBJECTIVE', message: expect.stringContaining('{ loss: items }') }));
  });

  it('tensors that were disposed of', async () => {
    const given = rows();
    const learner = learnerOf({ data: given });
    given.xs.dispose();
    await expect(losses(learner)).rejects.toThrow('functionLearner: data: a tensor was disposed of since');
    expect(() => learnerOf({ data: given })).toThrow('functionLearner: data: xs: a tensor is disposed of');
  });

  it.each<[string, Partial<Options>]>([
    ['does not depend on the model', { loss: () => tf.scalar(1) }],
    ['was cut off from it', { forward: (x, context) => tf.tensor(forwardWith()(x, context).arraySync()), loss: (y) => tf.mean(y) }],
  ])('a loss that %s', async (_, change) => {
    await expect(losses(learnerOf(change))).rejects.toThrow(
      expect.objectContaining({ code: 'HOOKLINE_GRADIENTS', message: expect.stringContaining('nothing is trained: no parameter has part in the loss') }),
    );
  });

  it('an initial tensor that the model itself uses', () => {
    const stem = tf.ones([WIDTH, 4]);
    const forward: Options['forward'] = (x, { get }) => linear(linear(x, stem), get('head'));
    expect(() => learnerOf({ parameters: { stem, head: tf.ones([3, WIDTH]) }, forward })).toThrow(/initial tensor of parameter 'stem'.*get\('stem'\)/);
  });
});

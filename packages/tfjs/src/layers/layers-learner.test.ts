import { type Block, createTrainer, during, evaluateEvery, type Gates, memoryStore, mergeGates, type Plugin, weightAveraging } from '@hookline/core';
import { resumeConformance } from '@hookline/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { countKernels, type KernelCounts } from '../kernels.js';
import { residualCnn, type TrainedModel, transformer } from './fixtures/trained-models.js';
import { gatingCallback, layersLearner, layerWeights } from './index.js';

await loadEngine('cpu'); // before models are made
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Closes a block in turn, or none; gains of 2 in every third step. */
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

const open: Block<tf.Tensor> = (_, x, body, ...inputs) => body(x, { branch: (_, at, f) => tf.add(at, f(at)), seed: [0, 0], mode: 'evaluate' }, ...inputs);

const weightsOf = ({ model }: TrainedModel) => new Map([...layerWeights(model)].map(([name, { variable }]) => [name, [...variable.read().dataSync()]]));

/** Losses of `fit`, batch by batch. */
async function fitted({ model, xs, ys }: TrainedModel, steps: number, plugins: readonly Plugin[] = []): Promise<readonly number[]> {
  const losses: number[] = [];
  const ear = new tfl.CustomCallback({ onBatchEnd: async (_, logs) => void losses.push(logs?.['loss'] as number) });
  const batches = Math.ceil((xs.shape[0] as number) / 2);
  await model.fit(xs, ys, { epochs: steps / batches, batchSize: 2, shuffle: false, verbose: 0, callbacks: [gatingCallback(model, ...plugins), ear] });
  return losses;
}

async function trained({ model, xs, ys }: TrainedModel, steps: number, plugins: readonly Plugin[] = []) {
  const learner = layersLearner(model, { data: { xs, ys, batchSize: 2, shuffle: false } });
  const losses: number[] = [];
  const trainer = createTrainer({ learner, plugins, steps });
  trainer.on('step', ({ loss }) => void losses.push(loss));
  await trainer.run();
  const saved = learner.save();
  learner.dispose();
  return { losses, saved };
}

const nearly = (found: readonly number[], expected: readonly number[], relative: number) => {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of found.entries())
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(relative * Math.max(1e-3, Math.abs(expected[i] as number)));
};

describe.each<[string, () => TrainedModel, () => tf.Optimizer, readonly string[]]>([
  ['a transformer under Adam', () => transformer({ layers: 1 }), () => tf.train.adam(0.003), ['adam.m', 'adam.v']],
  [
    'a residual CNN with penalties and moving averages under momentum',
    () => residualCnn({ depth: 2 }),
    () => tf.train.momentum(0.02, 0.8),
    ['momentum.accumulation'],
  ],
])('%s', (_, make, optimizer, kinds) => {
  const compiled = () => {
    const one = make();
    one.model.compile({ optimizer: optimizer(), loss: one.loss });
    return one;
  };

  it("has model.fit's trajectory", async () => {
    const [one, other] = [compiled(), compiled()];
    const expected = await fitted(one, 51);
    nearly((await trained(other, 51)).losses, expected, 1e-6);
    for (const [name, weight] of weightsOf(other)) nearly(weight, weightsOf(one).get(name) as number[], 1e-4);
    expect(expected[48]).toBeLessThan(expected[0] as number); // the same batch
  });

  it('agrees with model.fit in weights and in every moment after 20 gated steps', async () => {
    const [one, other] = [compiled(), compiled()];
    const count = 21;
    const expected = await fitted(one, count, [inTurn]);
    const { losses, saved } = await trained(other, count, [inTurn]);
    nearly(losses, expected, 1e-6);
    for (const [name, weight] of weightsOf(other)) nearly(weight, weightsOf(one).get(name) as number[], 1e-4);
    const state = await one.model.optimizer.getWeights();
    const trainable = [...layerWeights(one.model)].filter(([, weight]) => weight.trainable);
    const order = one.model.trainableWeights.map((weight) => trainable.find(([, { variable }]) => variable === weight)?.[0] as string);
    const moments = state.slice(1); // the first is the count
    expect(moments.length).toBe(kinds.length * order.length);
    for (const [k, kind] of kinds.entries()) {
      for (const [i, name] of order.entries()) {
        const theirs = [...(moments[k * order.length + i] as { tensor: tf.Tensor }).tensor.dataSync()];
        nearly([...(saved[`${kind}/${name}`] as { data: Float32Array }).data], theirs, 1e-3);
      }
    }
  });
});

it('a step without half of the blocks runs the kernels of a step of a model that does not have them', async () => {
  const step = ({ model, xs, ys, loss }: TrainedModel, closed: readonly string[]) => {
    model.compile({ optimizer: tf.train.rmsprop(0.01), loss });
    const learner = layersLearner(model, { data: { xs, ys, shuffle: false } });
    const counted: KernelCounts[] = [];
    const gradients: typeof learner.gradients = (...args) => {
      const counter = countKernels();
      const handle = learner.gradients(...args);
      counted.push(counter.stop());
      return handle;
    };
    const update: typeof learner.update = (...args) => {
      const counter = countKernels();
      const report = learner.update(...args);
      counted.push(counter.stop());
      return report;
    };
    const close: Plugin = {
      name: 'close',
      onStep: during('begin', (at) => ({ ...at, gates: at.gates.map((gate) => (closed.includes(gate.name) ? { ...gate, active: false } : gate)) })),
    };
    return createTrainer({ learner: { ...learner, gradients, update }, plugins: [close], steps: 2 })
      .run()
      .then(() => counted);
  };
  expect(await step(residualCnn(), ['block1', 'block3'])).toEqual(await step(residualCnn({ kept: [0, 2] }), []));
});

/** Two inputs, two outputs, dropout, a block, and a layer that is not trained. */
function branched() {
  const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
  const left = tfl.input({ shape: [3], name: 'left' });
  const right = tfl.input({ shape: [2], name: 'right' });
  const dense = (name: string, units: number, seed: number, options = {}) => tfl.layers.dense({ name, units, kernelInitializer: seeded(seed), ...options });
  const joined = tfl.layers.concatenate().apply([left, right]) as tfl.SymbolicTensor;
  const stem = dense('stem', 4, 1, { trainable: false }).apply(joined) as tfl.SymbolicTensor;
  const dropped = tfl.layers.dropout({ rate: 0.5 }).apply(dense('inside', 4, 2, { activation: 'tanh' }).apply(stem)) as tfl.SymbolicTensor;
  const normed = tfl.layers.batchNormalization({ name: 'norm' }).apply(dropped) as tfl.SymbolicTensor;
  const x = tfl.layers.add({ name: 'block' }).apply([stem, normed]) as tfl.SymbolicTensor;
  const apart = tfl.layers.dropout({ rate: 0.25 }).apply(x) as tfl.SymbolicTensor;
  const number = dense('number', 1, 3).apply(apart) as tfl.SymbolicTensor;
  const kind = dense('kind', 3, 4, { activation: 'softmax' }).apply(apart) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: [left, right], outputs: [number, kind] });
  const rows = 10;
  const xs = { right: tf.randomNormal([rows, 2], 0, 1, 'float32', 5), left: tf.randomNormal([rows, 3], 0, 1, 'float32', 6) };
  const ys = { number: tf.randomNormal([rows], 0, 1, 'float32', 7), kind: tf.tensor1d(Array.from({ length: rows }, (_, i) => i % 3)) };
  return { model, xs, ys, loss: { number: 'meanAbsoluteError', kind: 'sparseCategoricalCrossentropy' } };
}

describe('a model of several inputs and outputs', () => {
  it('answers an evaluation with what model.evaluate measures, each loss by its name', async () => {
    const { model, xs, ys, loss } = branched();
    model.compile({ optimizer: 'adam', loss, metrics: { number: 'mae', kind: ['accuracy', tfl.metrics.sparseCategoricalAccuracy] } as never });
    const learner = layersLearner(model, { data: { xs, ys }, evaluation: { dev: { xs, ys, batchSize: 4, shuffle: false } }, lossWeights: { kind: 0.5 } });
    const { metrics } = await createTrainer({ learner, plugins: [evaluateEvery({ steps: 1, sets: ['dev'] })], steps: 2 }).run();
    const answers = model.predict([xs.left, xs.right]) as tf.Tensor[];
    const [number, kind] = answers.map((answer) => answer.arraySync() as number[][]) as [number[][], number[][]];
    const targets = [...ys.number.dataSync()];
    const classes = [...ys.kind.dataSync()];
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const absolute = mean(number.map((row, i) => Math.abs((row[0] as number) - (targets[i] as number))));
    const entropy = mean(kind.map((row, i) => -Math.log(row[classes[i] as number] as number)));
    const hits = mean(kind.map((row, i) => (row.indexOf(Math.max(...row)) === classes[i] ? 1 : 0)));
    const { dev } = metrics;
    expect(Object.keys(dev ?? {})).toEqual(['loss', 'number_loss', 'kind_loss', 'number_mae', 'kind_acc', 'kind_sparseCategoricalAccuracy']);
    expect(dev?.['number_loss']).toBeCloseTo(absolute, 5);
    expect(dev?.['kind_loss']).toBeCloseTo(entropy / 2, 5);
    expect(dev?.['loss']).toBeCloseTo(absolute + entropy / 2, 5);
    expect(dev?.['kind_acc']).toBeCloseTo(hits, 5);
    learner.dispose();
  });
});

describe('checkpoints', () => {
  it('hold all that a resumed run needs: moving averages, dropout, averaged weights', async () => {
    const report = await resumeConformance({
      plugins: () => [inTurn, weightAveraging({ decay: 0.5 })],
      learner: () => {
        const { model, xs, ys, loss } = branched();
        return layersLearner(model, { loss, data: { xs, ys, batchSize: 4 }, evaluation: { dev: { xs, ys } }, optimizer: 'rmsprop' });
      },
      steps: 7,
      kills: [2, 5],
    });
    expect(report.steps).toBe(7);
  });

  it.each<[string, (layer: tfl.layers.Layer) => tfl.layers.Layer]>([
    ['a model', (layer) => tfl.sequential({ name: 'inner', layers: [tfl.layers.reshape({ targetShape: [2, 2], inputShape: [2, 2] }), layer] })],
    ['a wrapper', (layer) => tfl.layers.timeDistributed({ name: 'each', layer })],
  ])('go on with the draws of dropout inside %s', async (_, within) => {
    const make = () => {
      const input = tfl.input({ shape: [2, 2] });
      const initial = tfl.initializers.glorotUniform({ seed: 3 });
      const inside = tfl.layers.dense({ name: 'inside', units: 2, kernelInitializer: initial }).apply(input) as tfl.SymbolicTensor;
      const dropped = within(tfl.layers.dropout({ name: 'drop', rate: 0.5 })).apply(inside) as tfl.SymbolicTensor;
      const model = tfl.model({ inputs: input, outputs: tfl.layers.add({ name: 'block' }).apply([input, dropped]) as tfl.SymbolicTensor });
      return layersLearner(model, { loss: 'meanSquaredError', data: { xs: tf.ones([8, 2, 2]), ys: tf.zeros([8, 2, 2]), batchSize: 4 } });
    };
    await resumeConformance({ plugins: () => [], learner: make, steps: 6, kills: [3] });
  });

  it('put back what was saved, the weights that are not trained among it', async () => {
    const { model, xs, ys, loss } = branched();
    const learner = layersLearner(model, { loss, data: { xs, ys } });
    const saved = learner.save();
    expect(Object.keys(saved)).toEqual(expect.arrayContaining(['weights/stem/kernel', 'weights/norm/moving_mean', 'adam.m/inside/kernel']));
    expect(Object.keys(saved)).not.toContain('adam.m/stem/kernel');
    const before = model.getWeights().map((weight) => [...weight.dataSync()]);
    const store = memoryStore();
    await createTrainer({ learner, steps: 3, store }).run();
    const after = model.getWeights().map((weight) => [...weight.dataSync()]);
    expect(after).not.toEqual(before);
    learner.load(saved);
    expect(model.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before);
    learner.load(store.saved.at(-1)?.tensors ?? {});
    expect(model.getWeights().map((weight) => [...weight.dataSync()])).toEqual(after);
    learner.dispose();
  });
});

it('evaluates averaged weights through the layers, and leaves the trained ones in the model', async () => {
  const { model, xs, ys, loss } = residualCnn({ depth: 2 });
  const learner = layersLearner(model, { loss, data: { xs, ys }, evaluation: { dev: { xs, ys } }, optimizer: tf.train.sgd(0.5) });
  const averaged: Plugin = { name: 'averaged', onEval: during('evalBegin', (event) => ({ ...event, weights: 'start' })) };
  learner.weights.copy('start');
  const first = await learner.evaluate('dev', open, undefined);
  const { metrics } = await createTrainer({ learner, plugins: [averaged, evaluateEvery({ steps: 1 })], steps: 3 }).run();
  expect(metrics['dev']).toEqual(first);
  const trainedLoss = tf.tidy(() => {
    model.compile({ optimizer: 'sgd', loss });
    return (model.evaluate(xs, ys, { batchSize: 6 }) as tf.Scalar).dataSync()[0] as number;
  });
  expect(trainedLoss).not.toBeCloseTo(first['loss'] as number, 3);
  learner.dispose();
});

it('a block whose activations are computed again moves its averages once', async () => {
  const run = async (recompute: boolean) => {
    const one = residualCnn({ depth: 2 });
    one.model.compile({ optimizer: tf.train.sgd(0.1), loss: one.loss });
    const again: Plugin = { name: 'again', onStep: during('begin', (step) => ({ ...step, recompute: () => recompute })) };
    const { losses } = await trained(one, 3, [again]);
    return { losses, averages: [...weightsOf(one)].filter(([name]) => name.includes('moving')) };
  };
  const [plain, again] = [await run(false), await run(true)];
  nearly(again.losses, plain.losses, 1e-5);
  for (const [i, [, values]] of again.averages.entries()) nearly(values, plain.averages[i]?.[1] as number[], 1e-5);
  expect(plain.averages.length).toBe(4);
});

describe('what is wrong is said', () => {
  const { model, xs, ys, loss } = transformer();
  const data = { xs, ys };
  const make = (options: object, of: tfl.LayersModel = transformer().model) => layersLearner(of, { loss, data, ...options });

  it.each<[string, object, string, RegExp]>([
    ['a misspelt loss', { loss: 'meanSquaredEror' }, 'HOOKLINE_LOSS', /no loss 'meanSquaredEror'; did you mean 'meanSquaredError'\?/],
    ["another library's loss", { loss: 'softmaxCrossEntropy' }, 'HOOKLINE_LOSS', /'categoricalCrossentropy' takes what a softmax answers/],
    ['a loss for no output', { loss: { hed: 'meanSquaredError' } }, 'HOOKLINE_LOSS', /'hed', which is no output of the model; did you mean 'head'\?/],
    ['two losses for one output', { loss: ['hinge', 'hinge'] }, 'HOOKLINE_LOSS', /2 losses for 1 outputs/],
    ['a misspelt metric', { metrics: ['acuracy'] }, 'HOOKLINE_METRIC', /no metric 'acuracy'; did you mean 'accuracy'\?/],
    ['an unknown optimizer', { optimizer: 'adamm' }, 'HOOKLINE_OPTIMIZER', /no optimizer 'adamm'; did you mean 'adam'\?/],
    ['factors that do not fit', { lossWeights: [1, 2] }, 'HOOKLINE_OPTIONS', /lossWeights/],
    ['factors that are one', { lossWeights: 2 }, 'HOOKLINE_OPTIONS', /option 'lossWeights': must be numbers in a list or by output/],
    ['a misspelt option', { evaluations: {} }, 'HOOKLINE_OPTIONS', /no option 'evaluations'; did you mean 'evaluation'\?/],
    ["model.fit's option", { validationData: [xs, ys] }, 'HOOKLINE_OPTIONS', /no option 'validationData'/],
    ['a misspelt option of the data', { data: { xs, ys, batchsize: 2 } }, 'HOOKLINE_OPTIONS', /layersLearner: data: there is no option 'batchsize'/],
    ['a set without a name', { evaluation: { xs, ys } }, 'HOOKLINE_OPTIONS', /evaluation is a set without a name; name it/],
    ['a loss that is none', { loss: [null] }, 'HOOKLINE_LOSS', /a loss is null; give a name or a function/],
    ['a metric far from all', { metrics: ['somethingElse'] }, 'HOOKLINE_METRIC', /cosine\. Or give a function/],
    ["the name of hookline's optimizer", { optimizer: 'adamw' }, 'HOOKLINE_OPTIMIZER', /hookline's own; give its options: \{ type: 'adamw' \}/],
    ['a momentum without its number', { optimizer: 'momentum' }, 'HOOKLINE_OPTIMIZER', /tf.train.momentum\(learningRate, momentum\)/],
    ['what makes an optimizer', { optimizer: tf.train.adam }, 'HOOKLINE_OPTIMIZER', /the optimizer is a value of type function; give a name/],
    ['a rate', { optimizer: { type: 'adam', learningRate: 0.1 } }, 'HOOKLINE_OPTIONS', /optimizer has an option 'learningRate'; the rate is the trainer's/],
    ['a block that is none', { residual: { blocks: ['attention9'] } }, 'HOOKLINE_RESIDUAL', /attention9/],
  ])('%s', (_, options, code, message) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it.each<[string, tf.Optimizer]>([
    ['of its own class', new (class Own extends tf.Optimizer { applyGradients() {} getConfig() { return {}; } })()], // biome-ignore format: short
    ['that extends one of tf.train', new (class Own extends tf.SGDOptimizer {})(0.1)],
  ])('an optimizer %s', (_, optimizer) => {
    expect(() => make({ optimizer })).toThrow(/optimizer 'Own' is not supported; supported are SGD, Momentum/);
  });

  it('no options', () => {
    expect(() => layersLearner(model, undefined as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
    expect(() => layersLearner(model, { loss } as never)).toThrow(/layersLearner: data is missing; give \{ xs, ys \}/);
  });

  it('a model that has nothing to train, and one that has grown since', async () => {
    const frozen = transformer().model;
    for (const layer of frozen.layers) layer.trainable = false;
    await expect(createTrainer({ learner: make({}, frozen), steps: 1 }).run()).rejects.toMatchObject({
      code: 'HOOKLINE_GRADIENTS',
      message: expect.stringContaining('nothing is trained: the model has no parameter to train'),
    });
    const grown = tfl.sequential({ layers: [transformer().model] });
    const learner = make({}, grown);
    grown.add(tfl.layers.dense({ units: 1 }));
    await expect(createTrainer({ learner, steps: 1 }).run()).rejects.toMatchObject({
      code: 'HOOKLINE_LAYERS_MODEL',
      message: expect.stringContaining('has other layers than when layersLearner was called'),
    });
  });

  it('no loss at all', () => {
    expect(() => layersLearner(model, { data })).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_LOSS', message: expect.stringContaining('is not compiled') }),
    );
  });

  it.each<[string, object, RegExp]>([
    ['inputs', { data: { xs: tf.zeros([6, 4, 2]), ys } }, /xs for 'tokens' have shape \[6,4,2\] where the model has \[batch, 4, 3\]/],
    ['targets', { data: { xs, ys: tf.zeros([6, 4, 2]) } }, /ys for 'head' have shape \[6,4,2\] where the model has \[batch, 4, 1\]/],
    ['too many inputs', { data: { xs: [xs, xs], ys } }, /xs are 2 tensors and the model has 1; give tokens/],
    ['an input of another name', { data: { xs: { token: xs }, ys } }, /'token', which the model does not know; did you mean 'tokens'\?/],
  ])('%s that do not fit the model', async (_, options, message) => {
    const learner = make(options);
    await expect(createTrainer({ learner, steps: 1 }).run()).rejects.toThrow(message);
    learner.dispose();
  });

  it.each<[string, unknown, RegExp]>([
    ['comes later', async () => tf.scalar(1), /a loss answers with a promise/],
    ['does not come', () => undefined, /a loss answers with nothing/],
    ['is no tensor', () => 1, /a loss answers with a value of type number/],
  ])('a loss that %s', async (_, of, message) => {
    const learner = make({ loss: of });
    await expect(createTrainer({ learner, steps: 1 }).run()).rejects.toThrow(
      expect.objectContaining({ code: 'HOOKLINE_LOSS', message: expect.stringMatching(message) }),
    );
    learner.dispose();
  });

  it('a gate for a block that does not exist', async () => {
    const stray: Plugin = {
      name: 'stray',
      onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate, i) => (i === 0 ? { ...gate, name: 'nowhere' } : gate)) as Gates })),
    };
    const learner = make({});
    await expect(createTrainer({ learner, plugins: [stray], steps: 1 }).run()).rejects.toThrow(/'nowhere' where the block is 'attention0'/);
    learner.dispose();
  });

  it('nothing of that changes the model', () => {
    expect(model.optimizer).toBeUndefined();
    expect(Object.keys(model)).toEqual(Object.keys(transformer().model));
  });
});

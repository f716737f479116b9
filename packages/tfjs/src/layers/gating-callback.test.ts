import { clipGradients, createTrainer, during, type Gates, mergeGates, type Plugin } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { countKernels } from '../kernels.js';
import { residualCnn, type TrainedModel, transformer } from './fixtures/trained-models.js';
import { gatingCallback, layersLearner } from './index.js';

beforeAll(async () => {
  await loadEngine('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Closes the blocks that `closed` names at each step. */
const closing = (closed: (step: number) => readonly string[], gain = 1, seen: Gates[] = []): Plugin => ({
  name: 'closing',
  onStep: during('begin', (step) => {
    const gates = mergeGates(
      step.gates,
      step.gates.map((gate) => ({ ...gate, active: !closed(step.index).includes(gate.name), gain })),
    );
    seen.push(gates);
    return { ...step, gates };
  }),
});

interface Fitted {
  readonly losses: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

/** Losses by batch and weights after a fit. */
async function fit(
  { model, xs, ys, loss }: TrainedModel,
  callback: tfl.CustomCallback | undefined,
  optimizer: tf.Optimizer,
  epochs = 4,
  batchSize = 2,
): Promise<Fitted> {
  model.compile({ optimizer, loss, metrics: ['mae'] });
  const losses: number[] = [];
  const ear = new tfl.CustomCallback({ onBatchEnd: async (_, logs) => void losses.push(logs?.['loss'] as number) });
  await model.fit(xs, ys, { epochs, batchSize, shuffle: false, verbose: 0, callbacks: callback ? [callback, ear] : [ear] });
  return { losses, weights: model.getWeights().map((weight) => [...weight.dataSync()]) };
}

describe.each([
  ['a residual CNN', residualCnn],
  ['a transformer', transformer],
])('%s', (_, make) => {
  it('with all gates open trains as without, to the last bit', async () => {
    const plain = await fit(make(), undefined, tf.train.adam(0.01));
    const open = make();
    expect(await fit(open, gatingCallback(open.model), tf.train.adam(0.01))).toEqual(plain);
  });

  it('leaves the weights of a closed block alone, and trains the others as a model without it', async () => {
    const gated = make();
    const before = new Map(gated.model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]]));
    const closed = gated.blocks[1] as string;
    await fit(
      gated,
      gatingCallback(
        gated.model,
        closing(() => [closed]),
      ),
      tf.train.adam(0.01),
      2,
    );
    const changed = gated.model.weights.filter((weight) => String([...weight.read().dataSync()]) !== String(before.get(weight.originalName)));
    const standing = gated.model.weights.filter((weight) => !changed.includes(weight)).map((weight) => weight.originalName.split('/')[0]);
    const own = make === residualCnn ? ['in1', 'norm1', 'out1'] : ['feedNorm0', 'up0', 'down0'];
    expect([...new Set(standing)].sort()).toEqual([...own].sort());
  });
});

it('a closed block costs nothing: kernels and numbers are those of a model that does not have it', async () => {
  const half = residualCnn({ kept: [0, 2] });
  const whole = residualCnn();
  const counted = async (run: () => Promise<Fitted>) => {
    const counter = countKernels();
    const fitted = await run();
    return { fitted, kernels: counter.stop() };
  };
  const expected = await counted(() => fit(half, undefined, tf.train.sgd(0.01)));
  const callback = gatingCallback(
    whole.model,
    closing(() => ['block1', 'block3']),
  );
  const found = await counted(() => fit(whole, callback, tf.train.sgd(0.01)));
  expect(found.fitted.losses).toEqual(expected.fitted.losses);
  expect(found.kernels).toEqual(expected.kernels);
});

it('applies gains: two with half of the blocks open is not one', async () => {
  const losses = async (gain: number) => {
    const one = transformer();
    return (
      await fit(
        one,
        gatingCallback(
          one.model,
          closing(() => [], gain),
        ),
        tf.train.sgd(0.01),
        1,
        5,
      )
    ).losses;
  };
  const { model, xs } = transformer();
  expect((await losses(1))[0]).not.toBe((await losses(2))[0]);
  // one batch by hand: every branch twice
  const twice = tf.tidy(() => {
    const at = (name: string, ...inputs: tf.Tensor[]) => model.getLayer(name).apply(inputs) as tf.Tensor;
    let x = at('embedding', tf.slice(xs, 0, 5));
    for (const i of [0, 1]) {
      const normed = at(`attentionNorm${i}`, x);
      const [q, k, v] = ['q', 'k', 'v'].map((name) => at(`${name}${i}`, normed)) as [tf.Tensor, tf.Tensor, tf.Tensor];
      x = tf.add(x, tf.mul(2, at(`project${i}`, at(`mix${i}`, at(`shares${i}`, at(`scores${i}`, q, k)), v))));
      x = tf.add(x, tf.mul(2, at(`down${i}`, at(`up${i}`, at(`feedNorm${i}`, x)))));
    }
    return at('head', at('finalNorm', x));
  });
  const { ys } = transformer();
  const expected = tf.tidy(() => tf.mean(tf.squaredDifference(twice, tf.slice(ys, 0, 5))).dataSync()[0] as number);
  expect((await losses(2))[0]).toBeCloseTo(expected, 5);
});

it('trains a model inside the model as fit does, moving averages included', async () => {
  const make = (): TrainedModel => {
    const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
    const inside = tfl.sequential({
      layers: [tfl.layers.dense({ units: 3, inputShape: [3], kernelInitializer: seeded(1) }), tfl.layers.batchNormalization()],
    });
    const input = tfl.input({ shape: [3] });
    const x = tfl.layers.add({ name: 'block' }).apply([input, inside.apply(input) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: tfl.layers.batchNormalization({ name: 'last' }).apply(x) as tfl.SymbolicTensor });
    return { model, xs: tf.randomNormal([6, 3], 0, 1, 'float32', 1), ys: tf.ones([6, 3]), loss: 'meanSquaredError', blocks: ['block'] };
  };
  const plain = await fit(make(), undefined, tf.train.sgd(0.1));
  const gated = make();
  expect(await fit(gated, gatingCallback(gated.model), tf.train.sgd(0.1))).toEqual(plain);
});

describe('the training', () => {
  it('tells plugins its length, and stops where one asks for it', async () => {
    const heard: (readonly [number, number, number])[] = [];
    const ear: Plugin = {
      name: 'ear',
      onStep: during('end', (step) => {
        heard.push([step.index, step.total, step.epoch]);
        expect(step.loss).toBeGreaterThan(0);
        return { ...step, stop: step.index === 4 ? 'enough' : undefined };
      }),
    };
    const one = residualCnn(); // 6 rows: 3 batches an epoch
    await fit(one, gatingCallback(one.model, ear), tf.train.sgd(0.01));
    expect(heard.map(([index]) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(heard[4]).toEqual([4, 12, 4 / 3]);
  });

  it('validates and predicts with the whole model', async () => {
    const one = residualCnn();
    const { model, xs, ys, loss } = one;
    model.compile({ optimizer: 'sgd', loss, metrics: ['acc'] });
    const closed = closing(() => one.blocks);
    const during_: number[] = [];
    const look = new tfl.CustomCallback({
      onBatchBegin: async () => void during_.push(((model.evaluate(xs, ys, { batchSize: 6 }) as tf.Scalar[])[0] as tf.Scalar).dataSync()[0] as number),
    });
    const whole = ((model.evaluate(xs, ys, { batchSize: 6 }) as tf.Scalar[])[0] as tf.Scalar).dataSync()[0] as number;
    const { history } = await model.fit(xs, ys, {
      epochs: 1,
      batchSize: 6,
      verbose: 0,
      validationData: [xs, ys],
      callbacks: [gatingCallback(model, closed), look],
    });
    expect(during_).toEqual([whole]);
    const after = ((model.evaluate(xs, ys, { batchSize: 6 }) as tf.Scalar[])[0] as tf.Scalar).dataSync()[0] as number;
    expect(history['val_loss']?.[0]).toBeCloseTo(after, 6);
    expect(Object.keys(history).sort()).toEqual(['acc', 'loss', 'val_acc', 'val_loss']);
  });

  const ownKeys = (model: tfl.LayersModel) => [Object.keys(model), Object.keys(model.optimizer), model.layers.map((layer) => Object.keys(layer))];

  it.each([
    ['as it should', undefined],
    ['by an error in another callback', 'callback'],
    ['by an error in a plugin', 'plugin'],
  ])('leaves the model as it was when it ends %s', async (_, failing) => {
    const one = residualCnn();
    one.model.compile({ optimizer: tf.train.sgd(0.01), loss: one.loss });
    await one.model.fit(one.xs, one.ys, { epochs: 1, verbose: 0 });
    const before = ownKeys(one.model);
    const { outputs } = one.model;
    const boom = () => {
      throw new Error('boom');
    };
    const plugin: Plugin = { name: 'closing', onStep: during('begin', (step) => (failing === 'plugin' ? boom() : step)) };
    const other = new tfl.CustomCallback({ onBatchEnd: async () => (failing === 'callback' ? boom() : undefined) });
    const fitting = one.model.fit(one.xs, one.ys, { epochs: 1, verbose: 0, callbacks: [gatingCallback(one.model, plugin), other] });
    await (failing === undefined ? fitting : expect(fitting).rejects.toThrow('boom'));
    expect(ownKeys(one.model)).toEqual(before);
    expect(one.model.outputs).toBe(outputs);
    expect(one.model['isTraining' as keyof typeof one.model]).toBe(false);
    await one.model.fit(one.xs, one.ys, { epochs: 1, verbose: 0 });
  });

  it('of two models with one optimizer is refused the second time', async () => {
    const [first, second] = [residualCnn(), residualCnn()];
    const optimizer = tf.train.sgd(0.01);
    for (const { model, loss } of [first, second]) model.compile({ optimizer, loss });
    const rival = new tfl.CustomCallback({
      async onBatchEnd() {
        const fitting = second.model.fit(second.xs, second.ys, { verbose: 0, callbacks: gatingCallback(second.model) });
        await expect(fitting).rejects.toMatchObject({ code: 'HOOKLINE_FIT', message: expect.stringContaining('under gates already') });
      },
    });
    await first.model.fit(first.xs, first.ys, { epochs: 1, verbose: 0, callbacks: [gatingCallback(first.model), rival] });
  });

  it('takes a dataset, whose batches must be known or given', async () => {
    const { model, xs, ys, loss } = residualCnn();
    model.compile({ optimizer: 'sgd', loss });
    const totals: number[] = [];
    const ear: Plugin = {
      name: 'ear',
      onStep: during('begin', (step) => {
        totals.push(step.total);
        return step;
      }),
    };
    /** What fitDataset asks of a dataset of tfjs-data. */
    const dataset = {
      size: Number.POSITIVE_INFINITY,
      iterator: async () => {
        let left = 2;
        return { next: async () => (left-- > 0 ? { value: { xs: tf.clone(xs), ys: tf.clone(ys) }, done: false } : { value: null, done: true }) };
      },
    } as unknown as Parameters<typeof model.fitDataset>[0];
    const run = (options: { steps?: number }, batchesPerEpoch?: number) =>
      model.fitDataset(dataset, {
        epochs: batchesPerEpoch ? 1 : 2,
        verbose: 0,
        callbacks: gatingCallback(model, options, ear),
        ...(batchesPerEpoch ? { batchesPerEpoch } : {}),
      });
    await run({}, 2);
    expect(totals.splice(0)).toEqual([2, 2]);
    await run({ steps: 4 });
    expect(totals).toEqual([4, 4, 4, 4]);
    await expect(run({})).rejects.toMatchObject({ code: 'HOOKLINE_FIT', message: expect.stringContaining('how many batches') });
  });

  it.each([0, 2])('counts from the epoch that fitDataset begins with, %i', async (initialEpoch) => {
    const { model, xs, ys, loss } = residualCnn();
    model.compile({ optimizer: 'sgd', loss });
    const heard: number[] = [];
    const ear: Plugin = {
      name: 'ear',
      onStep: during('begin', (step) => {
        heard.push(step.total);
        return step;
      }),
    };
    const dataset = {
      size: 1,
      iterator: async () => {
        let left = 1;
        return { next: async () => (left-- > 0 ? { value: { xs: tf.clone(xs), ys: tf.clone(ys) }, done: false } : { value: null, done: true }) };
      },
    } as unknown as Parameters<typeof model.fitDataset>[0];
    await model.fitDataset(dataset, { epochs: 3, initialEpoch, verbose: 0, callbacks: gatingCallback(model, ear) });
    expect(heard).toEqual(Array.from({ length: 3 - initialEpoch }, () => 3 - initialEpoch));
  });

  it('goes on through steps whose closed blocks hold all that is trained, as the trainer does', async () => {
    const make = () => {
      const input = tfl.input({ shape: [3] });
      const inside = tfl.layers.dense({ name: 'inside', units: 3, kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }) });
      const x = tfl.layers.add({ name: 'block' }).apply([input, inside.apply(input) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
      const head = tfl.layers.dense({ name: 'head', units: 2, trainable: false, kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }) });
      const model = tfl.model({ inputs: input, outputs: head.apply(x) as tfl.SymbolicTensor });
      model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
      return { model, xs: tf.randomNormal([6, 3], 0, 1, 'float32', 1), ys: tf.ones([6, 2]), loss: 'meanSquaredError', blocks: ['block'] };
    };
    const closed = closing((step) => (step % 3 === 0 ? ['block'] : []));
    const [one, other] = [make(), make()];
    const losses: number[] = [];
    const ear = new tfl.CustomCallback({ onBatchEnd: async (_, logs) => void losses.push(logs?.['loss'] as number) });
    await one.model.fit(one.xs, one.ys, { epochs: 2, batchSize: 2, shuffle: false, verbose: 0, callbacks: [gatingCallback(one.model, closed), ear] });
    const trainer = createTrainer({
      learner: layersLearner(other.model, { data: { xs: other.xs, ys: other.ys, batchSize: 2, shuffle: false } }),
      plugins: [closed],
      steps: 6,
    });
    const expected: number[] = [];
    trainer.on('step', ({ loss }) => void expected.push(loss));
    await trainer.run();
    expect(losses.length).toBe(6);
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected[i] as number, 5);
    const kernels = [one, other].map(({ model }) => model.getLayer('inside').getWeights()[0]?.dataSync() as Float32Array);
    for (const [i, weight] of (kernels[0] as Float32Array).entries()) expect(weight).toBeCloseTo(kernels[1]?.[i] as number, 5);
  });

  it('takes an optimizer that has no settings to show', async () => {
    class Own extends tf.Optimizer {
      steps = 0;
      getConfig() {
        return {};
      }
      applyGradients() {
        this.steps++;
      }
    }
    const one = residualCnn();
    const optimizer = Object.assign(new Own(), { getConfig: undefined as never }); // as it is in JavaScript
    await fit(one, gatingCallback(one.model), optimizer, 1);
    expect(optimizer.steps).toBe(3);
  });

  it('knows a Sequential as it is when it is trained', async () => {
    const { model: inner, xs } = residualCnn();
    const model = tfl.sequential({ layers: [inner] });
    const callback = gatingCallback(
      model,
      closing(() => ['model/block0']),
    );
    model.add(tfl.layers.dense({ units: 1 }));
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await model.fit(xs, tf.ones([6, 1]), { epochs: 1, verbose: 0, callbacks: callback });
  });

  it('refuses a batch of the same model within one of fit: it would take its gates', async () => {
    const { model, xs, ys, loss } = residualCnn();
    model.compile({ optimizer: 'sgd', loss });
    const between = new tfl.CustomCallback({ onEpochBegin: async () => void (await model.trainOnBatch(xs, ys)) });
    await model.fit(xs, ys, { epochs: 1, verbose: 0, callbacks: [gatingCallback(model), between] });
    const within = new tfl.CustomCallback({ onBatchBegin: async () => void (await model.trainOnBatch(xs, ys)) });
    await expect(model.fit(xs, ys, { epochs: 1, verbose: 0, callbacks: [gatingCallback(model), within] })).rejects.toMatchObject({
      code: 'HOOKLINE_FIT',
      message: expect.stringContaining(
        "a batch is trained that it was not told of; let fit call its callbacks, and call trainOnBatch outside of fit's batches",
      ),
    });
  });

  it('refuses to stand beside a plain object, of which tf.layers makes copies', async () => {
    const { model, xs, ys, loss } = residualCnn();
    model.compile({ optimizer: 'sgd', loss });
    const callback = gatingCallback(model);
    await model.fit(xs, ys, { epochs: 1, verbose: 0, callbacks: callback });
    const fitting = model.fit(xs, ys, { epochs: 1, verbose: 0, callbacks: [{ onEpochEnd: async () => undefined }, callback] as never });
    await expect(fitting).rejects.toMatchObject({ code: 'HOOKLINE_FIT', message: expect.stringContaining('make the others with new tf.CustomCallback') });
  });

  it.each<[string, readonly unknown[], string, RegExp]>([
    ['plugins in a list', [[closing(() => [])]], 'HOOKLINE_OPTIONS', /plugins are given in a list; give them one by one/],
    ['plugins among the options', [{ plugins: [closing(() => [])] }], 'HOOKLINE_OPTIONS', /plugins are given in a list/],
    ['a misspelt option', [{ step: 3 }], 'HOOKLINE_OPTIONS', /gatingCallback: there is no option 'step'; did you mean 'steps'\?/],
    ['a misspelt option of the blocks', [{ residual: { block: 'add*' } }], 'HOOKLINE_OPTIONS', /no option 'residual.block'; did you mean 'blocks'\?/],
    ['options after plugins', [closing(() => []), { seed: 1 }], 'HOOKLINE_OPTIONS', /a plugin is without a name; options come before the plugins/],
    ['what makes a plugin', [clipGradients], 'HOOKLINE_OPTIONS', /a plugin is a function; .*a plugin is what its function answers/],
    ['no steps', [{ steps: 0 }], 'HOOKLINE_OPTIONS', /'steps'/],
    ['null', [null], 'HOOKLINE_OPTIONS', /expected object.*steps, seed, residual/],
  ])('refuses %s', (_, given, code, message) => {
    const { model } = residualCnn();
    expect(() => gatingCallback(model, ...(given as readonly Plugin[]))).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('refuses what it cannot do, by name', async () => {
    const one = residualCnn();
    await expect(fit(one, gatingCallback(one.model, clipGradients({ norm: 1 })), tf.train.sgd(0.01))).rejects.toThrow(
      /changes gradients, which model.fit cannot do; train with createTrainer/,
    );
    const other = residualCnn();
    await expect(fit(other, gatingCallback(one.model), tf.train.sgd(0.01))).rejects.toThrow('another model is being trained');
    await expect(fit(other, gatingCallback(residualCnn().model), tf.train.sgd(0.01))).rejects.toThrow('another model is being trained'); // not compiled
    expect(() => gatingCallback(tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [1] })] }))).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_RESIDUAL' }),
    );
  });
});

import { type Block, type Data, during, type Gates, HooklineError, type Learner, type Plugin, type Scalars } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { callCompiled, freeOwned } from '../compile/index.js';
import { nativeBackend } from '../compile/native.js';
import { tensorLearner } from '../learner/learner.js';
import { dataOf, setsOf } from '../learner/learner-data.js';
import type { Examples, TensorRows, TensorTree } from '../learner/tensor-rows.js';
import { tensorSeed } from '../ops/index.js';
import type { OptimizerOptions } from '../optimizers/options.js';
import type { ResidualBlockOptions } from './choose.js';
import { type ClassWeightOption, classWeightsOf, weighed } from './class-weights.js';
import { compilationOf, type LossOption, type MetricOption, measured, trainedModel } from './compilation.js';
import { feed, inputPorts, rowsOf, targetPorts } from './feeds.js';
import { gatedModel, type Outside } from './gated-model.js';
import { graphOf } from './graph.js';
import { keyedDropout } from './keyed-dropout.js';
import { layerParameters } from './layer-parameters.js';
import { checkLayersLearner } from './layers-learner-options.js';
import { movingAverages } from './moving-averages.js';
import { chooseOptimizer } from './stock-optimizer.js';
import { layerWeights } from './weights.js';
import { withoutLosses } from './without-losses.js';

/** A model's inputs or targets: a tensor, a list in the model's order, or by the names of inputs or outputs. */
export type LayersData<X extends TensorTree, Y extends TensorTree> = TensorRows<X, Y> | Data<Examples<X, Y>>;

export interface LayersLearnerOptions<X extends TensorTree, Y extends TensorTree> {
  /** Tensors with a row an example, or batches by position whose `counts` are `{ loss: rows }`. Tensors of the latter are its own to free. */
  readonly data: LayersData<X, Y>;
  /** By default what `model.compile` was given: names of tf.layers or functions of target and output, one for all outputs, a list, or by output. */
  readonly loss?: LossOption;
  /** What an evaluation answers with beside the loss; by default what `model.compile` was given. */
  readonly metrics?: MetricOption;
  /** A name of tf.layers, an optimizer of `tf.train`, or options of hookline's own; by default that of `model.compile`, else Adam. Its state begins anew. */
  readonly optimizer?: string | tf.Optimizer | OptimizerOptions;
  /** Factors on the losses of a model with several outputs, in its order or by output; default 1. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>>;
  /** Factors on the training losses of rows by the number of their class, as `fit` takes them; by output where there are several. */
  readonly classWeight?: ClassWeightOption;
  /** Evaluation sets by name. */
  readonly evaluation?: Readonly<Record<string, LayersData<X, Y>>>;
  /** Which residual blocks, see `residualBlocks`. */
  readonly residual?: ResidualBlockOptions;
  /** Plugins of the model's recipe; each gives way to a user's plugin that provides the same capability. */
  readonly defaults?: readonly Plugin<tf.Tensor>[];
}

/** The optimizer's own rate, at every step. */
const rateOf = (learningRate: number): Plugin<tf.Tensor> => ({
  name: 'compiled-learning-rate',
  provides: ['learning-rate'],
  onStep: during('begin', (step) => ({ ...step, learningRate })),
});

function weightsOf(given: LayersLearnerOptions<TensorTree, TensorTree>['lossWeights'], outputs: readonly string[]): readonly number[] {
  if (given === undefined) return outputs.map(() => 1);
  const list = Array.isArray(given) ? (given as readonly number[]) : outputs.map((name) => (given as Readonly<Record<string, number>>)[name] ?? 1);
  const strange = Array.isArray(given) ? undefined : Object.keys(given).find((name) => !outputs.includes(name));
  if (list.length === outputs.length && list.every(Number.isFinite) && strange === undefined) return list;
  throw new HooklineError('HOOKLINE_OPTIONS', `layersLearner: lossWeights do not fit the outputs ${outputs.join(', ')}`, { hint: 'give a number for each' });
}

/**
 * A `tf.layers` model as a learner: its residual blocks under gates, its own weights trained in place, so that `model.predict` and `model.save` have them at
 * every moment. Losses, metrics and optimizer are those of `model.compile`, or given; regularizers of layers that run are added as the objective
 * `regularization`. The objective is `loss`, or `OUTPUT_loss` for each of several outputs; an evaluation set answers with these and the metrics under tf.layers'
 * names. On the native engine blocks, what lies between them, and the loss are compiled.
 *
 * What differs from `model.fit`: metrics are computed in evaluations, not in training steps; plain dropout layers draw by the keys of step and block.
 * @throws HooklineError `HOOKLINE_RESIDUAL` where there is no residual block, `HOOKLINE_LOSS`, `HOOKLINE_METRIC`, `HOOKLINE_OPTIMIZER`, `HOOKLINE_SHAPE` for data
 *   that does not fit, at the first step for batches that come later
 */
export function layersLearner<X extends TensorTree, Y extends TensorTree>(
  model: LayersModel,
  options: LayersLearnerOptions<X, Y>,
): Learner<Examples<X, Y>, tf.Tensor> {
  checkLayersLearner(options);
  const gated = gatedModel(model, options.residual);
  const built = [...model.outputs];
  const inner = trainedModel(model);
  const { losses, metrics, sparse } = compilationOf(model, options);
  const { options: optimizer, learningRate } = chooseOptimizer(options.optimizer ?? inner.optimizer ?? 'adam');
  const factors = weightsOf(options.lossWeights, inner.outputNames);
  const classWeights = classWeightsOf(inner, options.classWeight);
  const weights = layerWeights(model);
  const parameters = layerParameters(weights);
  const drawing = keyedDropout(graphOf(model));
  const moving = movingAverages(parameters);
  const data = dataOf('layersLearner: data', options.data);
  const sets = setsOf('layersLearner', options.evaluation);
  const owner = {};
  const [inputs, targets] = [inputPorts(inner), targetPorts(inner, sparse)];
  const objectiveNames = inner.outputNames.length === 1 ? ['loss'] : inner.outputNames.map((name) => `${name}_loss`);
  /** Names of the blocks that ran in the forward pass in progress. */
  const ran = new Set<string>();

  /** Means over the batch, by output, of rows that count by their class in training. */
  const lossMeans = (ys: readonly tf.Tensor[], outputs: readonly tf.Tensor[], mode: 'train' | 'evaluate'): tf.Tensor[] => {
    const byClass = classWeights.map((some) => (some && mode === 'train' ? tf.tensor1d(some) : null));
    const compute = (given: readonly tf.Tensor[], answers: readonly tf.Tensor[], weigh: readonly (tf.Tensor | null)[]) =>
      losses.map((loss, i) => {
        const target = given[i] as tf.Tensor;
        const rows = measured('loss', loss(target, answers[i] as tf.Tensor));
        return tf.mul(tf.mean(weigh[i] ? weighed(rows, target, weigh[i]) : rows), factors[i] as number);
      });
    return callCompiled(owner, 'losses', compute, ys, outputs, byClass);
  };

  /** Compiles what lies between the blocks, its dropout keyed; weights that are not the trained ones are arguments. */
  const outside =
    (mode: 'train' | 'evaluate', seed: readonly [number, number]): Outside =>
    (name, body, inputs) => {
      if (!nativeBackend()) return body(inputs);
      const names = parameters.substituted ? [...parameters.names, ...parameters.buffers] : [];
      const compute = (given: readonly tf.Tensor[], substitutes: Readonly<Record<string, tf.Tensor>>, key: tf.Tensor): tf.Tensor[] =>
        drawing.within(tensorSeed(key), () => (names.length === 0 ? body(given) : parameters.using(new Map(Object.entries(substitutes)), () => body(given))));
      const substitutes = Object.fromEntries(names.map((one) => [one, parameters.get(one)]));
      const key = tf.tensor1d([seed[0] | 0, seed[1] | 0], 'int32');
      return callCompiled(owner, `${name} ${mode}${names.length > 0 ? ' averaged' : ''}`, compute, inputs, substitutes, key);
    };

  const learner = tensorLearner<Examples<X, Y>>({
    parameters,
    blocks: gated.blocks,
    optimizer,
    data: {
      batchesPerEpoch: data.batchesPerEpoch,
      batch: (position) => data.batch(position),
      counts(batch) {
        const rows = data.counts(batch)['loss'] as number;
        return Object.fromEntries([...objectiveNames, 'regularization'].map((name) => [name, rows]));
      },
    },
    evaluationSets: [...sets.keys()],
    objectives(batch, block, { seed }) {
      const xs = feed('xs', batch.xs, inputs);
      const ys = feed('ys', batch.ys, targets);
      const rows = rowsOf([...xs, ...ys]);
      ran.clear();
      const outputs = gated.apply(xs, drawing.keyed(block), { training: true, outside: outside('train', seed) });
      const means = lossMeans(ys, outputs, 'train');
      const gates: Gates = gated.blocks.map(({ name }) => ({ name, active: ran.has(name), gain: 1, branches: {} }));
      moving.forwardDone();
      const penalties = withoutLosses(gated.skipped(gates), () => inner.calculateLosses());
      const sums = means.map((mean, i) => [objectiveNames[i] as string, tf.mul(mean, rows)] as const);
      return Object.fromEntries(penalties.length === 0 ? sums : [...sums, ['regularization', tf.mul(tf.addN(penalties), rows)]]);
    },
    evaluate: (set, block) => evaluate(sets.get(set) as Data<Examples<X, Y>>, block),
    defaults: [...(learningRate === undefined ? [] : [rateOf(learningRate)]), ...(options.defaults ?? [])],
  });

  async function evaluate(set: Data<Examples<X, Y>>, block: Block<tf.Tensor>): Promise<Scalars> {
    const parts = objectiveNames.length > 1 ? objectiveNames : [];
    const names = ['loss', ...parts, ...metrics.map(({ name }) => name)];
    const sums = names.map(() => 0);
    let items = 0;
    for (let i = 0; i < set.batchesPerEpoch; i++) {
      const batch = await set.batch(i);
      const { rows, values } = tf.tidy(() => {
        const xs = feed('xs', batch.xs, inputs);
        const ys = feed('ys', batch.ys, targets);
        const outputs = gated.apply(xs, block, { outside: outside('evaluate', [0, 0]) });
        const means = lossMeans(ys, outputs, 'evaluate');
        const values = metrics.map(({ of, output }) => tf.mean(measured('metric', of(ys[output] as tf.Tensor, outputs[output] as tf.Tensor))));
        const all = tf.stack([tf.addN(means), ...(parts.length > 0 ? means : []), ...values]);
        return { rows: rowsOf([...xs, ...ys]), values: [...all.dataSync()] };
      });
      for (const [k, value] of values.entries()) sums[k] = (sums[k] as number) + value * rows;
      items += rows;
    }
    return Object.fromEntries(names.map((name, k) => [name, (sums[k] as number) / items]));
  }

  return {
    ...learner,
    algebra: {
      ...learner.algebra,
      run(call, x, body, others) {
        ran.add(call.name);
        return learner.algebra.run(call, x, body, others);
      },
    },
    gradients(batch, block, denominators, into, seed = [0, 0], frozen) {
      if (built.some((output, i) => output !== model.outputs[i])) {
        throw new HooklineError('HOOKLINE_LAYERS_MODEL', `model '${model.name}' has other layers than when layersLearner was called`, {
          hint: 'add all layers first',
        });
      }
      const pass = () => drawing.within(seed, () => learner.gradients(batch, block, denominators, into, seed, frozen));
      return moving.run(into !== undefined, () => drawing.run(pass));
    },
    update(gradients, plan) {
      const told = learner.update(gradients, plan);
      moving.settle(plan.skip);
      return told;
    },
    load(tensors) {
      learner.load(tensors);
      moving.settle(true);
    },
    dispose() {
      moving.settle(true);
      learner.dispose();
      freeOwned(owner);
    },
  };
}

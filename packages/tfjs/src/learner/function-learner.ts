import { type Block, type BlockInfo, type Data, HooklineError, type Learner, type Plugin, type Scalars } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { undoAssignments } from '../compile/watch.js';
import type { OptimizerOptions } from '../optimizers/options.js';
import { discoverBlocks } from './discover-blocks.js';
import { tensorLearner } from './learner.js';
import { dataOf, setsOf } from './learner-data.js';
import { checkFunctionLearner } from './learner-options.js';
import { type LossName, lossOf } from './losses.js';
import { type InitialParameters, type Parameters, parametersFrom } from './parameters.js';
import type { Examples, TensorRows } from './tensor-rows.js';
import { type KernelCall, watchKernels } from './watch-kernels.js';

/** What a forward pass may use besides its input. */
export interface ForwardContext {
  readonly block: Block<tf.Tensor>;
  /** A parameter by name: asked for at each use, inside blocks too, so that an evaluation can answer with averaged weights. */
  readonly get: (name: string) => tf.Tensor;
  readonly mode: 'train' | 'evaluate';
  /** Key of dropout outside blocks in this step and micro-batch; inside a block, use its scope's seed. */
  readonly seed: readonly [number, number];
}

export interface FunctionLearnerOptions<X, Y, O> {
  /** The learner disposes of `Parameters` that it is given. */
  readonly parameters: Parameters | InitialParameters;
  /** The model. A tensor that a block's body needs besides its input is passed to `block` after the body; parameters and variables need not be. */
  readonly forward: (x: X, context: ForwardContext) => O;
  /** A number to minimize: a function of output and target, or a name of `tf.losses`. */
  readonly loss: LossName | ((output: O, ys: Y) => tf.Tensor);
  /**
   * What a loss function answers with: the mean over the items of its batch (default, and what losses with a name do), or their sum. Over micro-batches of
   * different counts both train the mean over all items.
   */
  readonly reduction?: 'mean' | 'sum';
  /** Tensors with a row an example, or batches by position whose `counts` are `{ loss: items }`. Tensors of the latter are its own to free. */
  readonly data: TensorRows<X, Y> | Data<Examples<X, Y>>;
  /** The residual blocks in their order; by default those that a forward pass of the first batch runs. */
  readonly blocks?: readonly BlockInfo[];
  /** Default AdamW. */
  readonly optimizer?: OptimizerOptions;
  /** Evaluation sets by name. */
  readonly evaluation?: Readonly<Record<string, TensorRows<X, Y> | Data<Examples<X, Y>>>>;
  /** Evaluated beside the loss: each a mean over the items of a batch. */
  readonly metrics?: Readonly<Record<string, (output: O, ys: Y) => tf.Tensor>>;
  /** Plugins of the model's recipe; each gives way to a user's plugin that provides the same capability. */
  readonly defaults?: readonly Plugin<tf.Tensor>[];
}

const isParameters = (given: Parameters | InitialParameters): given is Parameters => typeof given['get'] === 'function';

/** Calls `f` with the variables that hold these parameters holding what `get` answers: a model may use its own variables without asking for them. */
function inForce<R>(parameters: Parameters, f: () => R): R {
  if (!parameters.substituted) return f();
  const restore = undoAssignments();
  try {
    for (const name of parameters.names) parameters.variable(name).assign(parameters.get(name));
    return f();
  } finally {
    restore();
  }
}

function scalarOf(what: string, value: unknown): tf.Tensor {
  if (value instanceof tf.Tensor && value.size === 1) return tf.reshape(value, []);
  const got = value instanceof tf.Tensor ? `a tensor of shape [${value.shape}]` : value instanceof Promise ? 'a promise' : typeof value;
  throw new HooklineError('HOOKLINE_SHAPE', `${what} gives ${got}`, { hint: 'it must give one number, as a tensor: take the mean or the sum over the batch' });
}

const batchMissing = (): HooklineError =>
  new HooklineError('HOOKLINE_OPTIONS', 'functionLearner: the first batch comes later, so that no forward pass can show the blocks', {
    hint: 'list them in blocks, or give data whose batch(0) is there at once',
  });

/**
 * A learner of functions over tensors: any model that calls `block` for its residual blocks. Its objective is `loss`; an evaluation set answers with `loss`
 * and the metrics, means over its items. On the native engine each block is compiled.
 *
 * The blocks are found by a forward pass of the first batch, unless they are listed. Load an engine (`loadEngine`) before.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_PARAMETERS`, `HOOKLINE_SHAPE` for a loss that is no scalar, and what `discoverBlocks` throws
 */
export function functionLearner<X, Y, O>(options: FunctionLearnerOptions<X, Y, O>): Learner<Examples<X, Y>, tf.Tensor> {
  checkFunctionLearner(options);
  const { reduction = 'mean', optimizer = { type: 'adamw' }, metrics = {}, defaults } = options;
  const loss = typeof options.loss === 'function' ? options.loss : (lossOf(options.loss) as unknown as (output: O, ys: Y) => tf.Tensor);
  const data = dataOf('functionLearner: data', options.data);
  const sets = setsOf('functionLearner', options.evaluation);
  const parameters = isParameters(options.parameters) ? options.parameters : parametersFrom(options.parameters);

  const context = (block: Block<tf.Tensor>, mode: ForwardContext['mode'], seed: ForwardContext['seed']): ForwardContext => ({
    block,
    get: parameters.get,
    mode,
    seed,
  });
  const forward = (x: X, given: ForwardContext): O => {
    const output = options.forward(x, given);
    if (!(output instanceof Promise)) return output;
    output.catch(() => undefined); // what it throws once the pass is over says less
    throw new HooklineError('HOOKLINE_OPTIONS', 'functionLearner: forward is asynchronous', {
      hint: 'a forward pass is synchronous: compute what it awaits before',
    });
  };
  const lossSum = (output: O, ys: Y, count: number): tf.Tensor => {
    const value = scalarOf('the loss', loss(output, ys));
    return reduction === 'sum' ? value : tf.mul(value, count);
  };

  /** A forward pass for what it shows. */
  const rehearse = (block: Block<tf.Tensor>): void => {
    const batch = data.batch(0);
    if (batch instanceof Promise) {
      batch.catch(() => undefined);
      throw batchMissing();
    }
    const copied = new Map(isParameters(options.parameters) ? [] : Object.entries(options.parameters).map(([name, value]) => [value as unknown, name]));
    for (const name of parameters.names) copied.delete(parameters.variable(name));
    const note = ({ inputs }: KernelCall): void => {
      const name = inputs.map((input) => copied.get(input)).find((found) => found !== undefined);
      if (name === undefined) return;
      throw new HooklineError('HOOKLINE_PARAMETERS', `the forward pass uses the initial tensor of parameter '${name}', which is not trained`, {
        hint: `use get('${name}'), or make it a tf.variable`,
      });
    };
    watchKernels(note, () => lossSum(forward(batch.xs, context(block, 'train', [0, 0])), batch.ys, 1));
  };

  async function evaluate(set: string, block: Block<tf.Tensor>): Promise<Scalars> {
    const names = ['loss', ...Object.keys(metrics)];
    const sums = names.map(() => 0);
    let items = 0;
    const examples = sets.get(set) as Data<Examples<X, Y>>;
    for (let i = 0; i < examples.batchesPerEpoch; i++) {
      const batch = await examples.batch(i);
      const count = examples.counts(batch)['loss'] as number;
      const values = tf.tidy(() =>
        inForce(parameters, () => {
          const output = forward(batch.xs, context(block, 'evaluate', [0, 0]));
          const { ys } = batch;
          const means = Object.entries(metrics).map(([name, metric]) => tf.mul(scalarOf(`metric '${name}'`, metric(output, ys)), count));
          return tf.stack([lossSum(output, ys, count), ...means]).dataSync();
        }),
      );
      for (const [k, value] of values.entries()) sums[k] = (sums[k] as number) + value;
      items += count;
    }
    return Object.fromEntries(names.map((name, k) => [name, (sums[k] as number) / items]));
  }

  return tensorLearner<Examples<X, Y>>({
    parameters,
    blocks: options.blocks ?? discoverBlocks(parameters, rehearse),
    data,
    evaluationSets: [...sets.keys()],
    objectives: (batch, block, { seed }) => ({
      loss: lossSum(forward(batch.xs, context(block, 'train', seed)), batch.ys, data.counts(batch)['loss'] as number),
    }),
    evaluate,
    optimizer,
    ...(defaults ? { defaults } : {}),
  });
}

import {
  type Awaitable,
  type Block,
  type BlockInfo,
  type Counts,
  type Data,
  type Gradients,
  HooklineError,
  type Learner,
  type Plugin,
  type Scalars,
} from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import { groupParameters } from '../optimizers/groups.js';
import { createOptimizer } from '../optimizers/optimizer.js';
import type { OptimizerOptions } from '../optimizers/options.js';
import { createUpdateOps } from '../optimizers/update-ops.js';
import { tensorAlgebra } from './algebra.js';
import { loadTensors, saveTensors } from './checkpoint.js';
import { compiledBlocks } from './compiled-blocks.js';
import { type Accumulator, accumulate, sourceOf } from './gradients.js';
import type { Parameters } from './parameters.js';
import { weightedSum } from './residual.js';
import { weightSlots } from './slots.js';
import { differentiate } from './tape.js';

/** What a forward pass in training may use besides batch and blocks. */
export interface ObjectiveContext {
  /** Key of dropout outside blocks in this step and micro-batch; inside a block, use its scope's seed. */
  readonly seed: readonly [number, number];
}

export interface TensorLearnerOptions<B> {
  /** Owned by the learner from here on: its `dispose` frees them. */
  readonly parameters: Parameters;
  /** The residual blocks that `objectives` runs, in order, each with the names of its own parameters. */
  readonly blocks: readonly BlockInfo[];
  readonly data: Data<B>;
  /** Names that `evaluate` knows; default none. */
  readonly evaluationSets?: readonly string[];
  /**
   * The forward pass of a micro-batch: for each objective a scalar, the SUM of its loss over its items. The learner divides by the counts
   * of the whole step. Called inside a tidy: it frees what it makes. Parameters are asked for by name at each call.
   */
  readonly objectives: (batch: B, block: Block<tf.Tensor>, context: ObjectiveContext) => Readonly<Record<string, tf.Tensor>>;
  /** Metrics of an evaluation set. Frees what it makes (`tf.tidy` around each batch); the weights asked for are in force until it is done. */
  readonly evaluate?: (set: string, block: Block<tf.Tensor>) => Awaitable<Scalars>;
  readonly optimizer: OptimizerOptions;
  /** The recipe's plugins; each gives way to a user's plugin that provides the same capability. */
  readonly defaults?: readonly Plugin<tf.Tensor>[];
}

/** Every parameter that a block names must be there, and every branch of `branchParameters` declared. */
function checkBlocks(parameters: Parameters, blocks: readonly BlockInfo[]): void {
  for (const block of blocks) {
    for (const name of [...block.parameters, ...Object.values(block.branchParameters ?? {}).flat()]) {
      if (!parameters.has(name)) {
        throw new HooklineError('HOOKLINE_PARAMETERS', `block '${block.name}' names a parameter '${name}' that does not exist`, {
          hint: 'correct its BlockInfo',
        });
      }
    }
    for (const branch of Object.keys(block.branchParameters ?? {})) {
      if (!block.branches.includes(branch)) {
        throw new HooklineError('HOOKLINE_BRANCH', `block '${block.name}' gives parameters to a branch '${branch}' that it does not have`, {
          hint: 'correct its BlockInfo',
        });
      }
    }
  }
}

/** A learner whose tensors are TensorFlow.js's, on whatever backend is in use. Throws `HOOKLINE_OPTIONS` for bad optimizer options. */
export function tensorLearner<B>(options: TensorLearnerOptions<B>): Learner<B, tf.Tensor> {
  const { parameters, blocks, data, evaluationSets = [], objectives, evaluate, defaults } = options;
  checkBlocks(parameters, blocks);
  const ops = createUpdateOps();
  const groups = groupParameters(ops, parameters.names, blocks);
  const optimizer = createOptimizer(parameters, blocks, options.optimizer, ops);
  const slots = weightSlots(parameters, ops, [...groups, ...groupParameters(ops, parameters.buffers, [])]);
  const state = { parameters, optimizer, slots };
  const live = new Set<Accumulator>();
  const compiled = compiledBlocks(parameters, blocks);
  const algebra = tensorAlgebra(compiled);
  /** Whether a gradient has arrived once. */
  let trains = false;
  /** Blocks whose every part ran in the pass in progress; counted until a gradient has arrived. */
  let whole = 0;
  const idle = (why: string, hint: string): HooklineError => new HooklineError('HOOKLINE_GRADIENTS', `nothing is trained: ${why}`, { hint });

  const factorsOf = (names: readonly string[], denominators: Counts): number[] =>
    names.map((name) => {
      const count = denominators[name];
      if (count === undefined) {
        throw new HooklineError('HOOKLINE_OBJECTIVE', `objective '${name}' has no item count`, {
          hint: `data.counts gives '${Object.keys(denominators).join("', '")}'; give a count for each objective`,
        });
      }
      return count === 0 ? 0 : 1 / count;
    });

  /** Forward and backward pass: gradients by name of the parameters that took part, and each objective's share of the loss. */
  const pass = (batch: B, block: Block<tf.Tensor>, denominators: Counts, seed: readonly [number, number], frozen: (name: string) => boolean) => {
    const trained = parameters.names.filter((name) => !frozen(name));
    const losses = new Map<string, tf.Tensor>();
    try {
      const { value, gradients } = differentiate(
        () => {
          const sums = Object.entries(objectives(batch, block, { seed }));
          const names = sums.map(([name]) => name);
          const { total, terms } = weightedSum(
            sums.map(([, sum]) => sum),
            factorsOf(names, denominators),
          );
          for (const [i, name] of names.entries()) losses.set(name, terms[i] as tf.Tensor);
          return total;
        },
        trained.map((name) => parameters.variable(name)),
      );
      value.dispose();
      return { losses, gradients: new Map(trained.flatMap((name, i) => (gradients[i] ? [[name, gradients[i]] as const] : []))) };
    } catch (error) {
      for (const loss of losses.values()) loss.dispose();
      throw error;
    }
  };

  const accumulatorOf = (into: Gradients<tf.Tensor> | undefined): Accumulator => {
    if (!into) return accumulate(parameters, ops, groups);
    const { accumulator, changed, values } = sourceOf(into);
    if (changed)
      throw new HooklineError('HOOKLINE_GRADIENTS', 'a micro-batch cannot be added to gradients that were clipped or changed', { hint: 'accumulate first' });
    values();
    return accumulator;
  };

  return {
    blocks,
    data,
    evaluationSets,
    algebra: {
      ...algebra,
      run(call, x, body, inputs) {
        if (!trains && Object.values(call.gate.branches).every(({ active }) => active)) whole += 1;
        return algebra.run(call, x, body, inputs);
      },
    },
    weights: slots,
    ...(defaults ? { defaults } : {}),
    gradients(batch, block, denominators, into, seed = [0, 0], frozen = () => false) {
      if (parameters.substituted) {
        throw new HooklineError('HOOKLINE_WEIGHTS', 'training was asked for while an evaluation uses other weights', { hint: 'await the evaluation first' });
      }
      const accumulator = accumulatorOf(into);
      if (!trains && parameters.names.length === 0) throw idle('the model has no parameter to train', 'make a layer trainable');
      whole = 0;
      const { gradients, losses } = pass(batch, block, denominators, seed, frozen);
      if (!trains && gradients.size === 0 && whole === blocks.length && !parameters.names.some(frozen)) {
        for (const loss of losses.values()) loss.dispose();
        throw idle(
          'no parameter has part in the loss',
          'compute it from the output by ops of TensorFlow.js, which have gradients: dataSync() and new tensors have none',
        );
      }
      trains ||= gradients.size > 0;
      accumulator.add(gradients, losses);
      live.add(accumulator);
      return accumulator.handle();
    },
    update(gradients, plan) {
      const { accumulator, values } = sourceOf(gradients);
      const final = values();
      const report = accumulator.report();
      if (!plan.skip) optimizer.update(final, plan);
      accumulator.release();
      live.delete(accumulator);
      return report;
    },
    evaluate(set, block, slot) {
      if (!evaluate || !evaluationSets.includes(set)) {
        throw new HooklineError('HOOKLINE_EVALUATION_SET', `there is no evaluation set '${set}'`, {
          hint: `this learner has ${evaluationSets.length > 0 ? `'${evaluationSets.join("', '")}'` : 'none'}`,
        });
      }
      return slot === undefined ? evaluate(set, block) : parameters.using(slots.get(slot), () => evaluate(set, block));
    },
    save: () => saveTensors(state),
    load: (tensors) => loadTensors(state, tensors),
    dispose() {
      for (const accumulator of live) accumulator.release();
      live.clear();
      compiled.free();
      slots.dispose();
      optimizer.dispose();
      ops.free();
      parameters.dispose();
    },
  };
}

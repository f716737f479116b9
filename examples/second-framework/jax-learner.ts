import {
  type Awaitable,
  type BlockInfo,
  type Counts,
  type Data,
  type Gradients,
  HooklineError,
  type Learner,
  type Plugin,
  type Scalars,
  type Tensors,
} from '@hookline/core';
import { type numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { type AdamWOptions, adamw } from './adamw.js';
import { createBorder } from './border.js';
import { type Accumulator, accumulate, sourceOf } from './gradients.js';
import { changing } from './numbers.js';
import type { Model } from './scope.js';
import { dispose, load, type Slots, save, slotOf, trained, weightVerbs } from './state.js';

export type { JaxScope, Model } from './scope.js';

export interface JaxLearnerOptions<B> {
  /** Initial values, by name. */
  readonly parameters: Tensors;
  /** The residual blocks that `objectives` runs, in order, each with the names of all parameters that its body asks for. */
  readonly blocks: readonly BlockInfo[];
  readonly data: Data<B>;
  /** The forward pass of a micro-batch: for each objective the SUM of its loss over its items. The learner divides by the counts of the whole step. */
  readonly objectives: (batch: B, model: Model) => Readonly<Record<string, np.Array>>;
  readonly evaluationSets?: readonly string[];
  /** Metrics of an evaluation set. `pass` calls a function with the model and frees what crossed the borders of blocks: one call a batch. */
  readonly evaluate?: (set: string, pass: <R>(f: (model: Model) => R) => R) => Awaitable<Scalars>;
  readonly optimizer?: AdamWOptions;
  readonly defaults?: readonly Plugin<np.Array>[];
  /** Whether blocks are compiled, each as a whole; default true. */
  readonly compile?: boolean;
}

/** A learner whose tensors are jax-js's, on its default device. */
export function jaxLearner<B>(options: JaxLearnerOptions<B>): Learner<B, np.Array> {
  const { blocks, data, objectives, evaluationSets = [], evaluate, defaults } = options;
  const parameters = trained(options.parameters);
  const slots: Slots = new Map();
  const state = { parameters, slots };
  const shapes = new Map([...parameters].map(([name, { weight }]) => [name, weight.shape]));
  const unknown = blocks.flatMap((block) => block.parameters).find((name) => !parameters.has(name));
  if (unknown !== undefined)
    throw new HooklineError('HOOKLINE_PARAMETERS', `a block names a parameter '${unknown}' that does not exist`, { hint: 'correct its BlockInfo' });
  const border = createBorder(blocks, options.compile);
  const optimizer = adamw(options.optimizer ?? {}, blocks);
  const live = new Set<Accumulator>();

  const share = (name: string, sum: np.Array, denominators: Counts): np.Array => {
    const count = denominators[name];
    if (count === undefined) throw new HooklineError('HOOKLINE_OBJECTIVE', `objective '${name}' has no item count`, { hint: 'let data.counts give one' });
    return sum.mul(changing(count === 0 ? 0 : 1 / count).slice(0));
  };

  const accumulatorOf = (into: Gradients<np.Array> | undefined): Accumulator => {
    if (!into) return accumulate(shapes);
    const { accumulator, changed, values } = sourceOf(into);
    if (changed) throw new HooklineError('HOOKLINE_GRADIENTS', 'a micro-batch cannot be added to gradients that were changed', { hint: 'accumulate first' });
    values(); // refuses a stale handle
    return accumulator;
  };

  return {
    blocks,
    data,
    evaluationSets,
    algebra: border.algebra,
    weights: weightVerbs(parameters, slots),
    ...(defaults ? { defaults } : {}),

    gradients(batch, block, denominators, into, seed = [0, 0], frozen = () => false) {
      const accumulator = accumulatorOf(into);
      const used = new Set<string>();
      const forward = (values: Record<string, np.Array>): [np.Array, Record<string, np.Array>] =>
        border.pass(
          'train',
          values,
          block,
          seed,
          (model) => {
            const losses = Object.fromEntries(Object.entries(objectives(batch, model)).map(([name, sum]) => [name, share(name, sum, denominators)]));
            const total = Object.values(tree.ref(losses)).reduce((sum, one) => sum.add(one));
            tree.dispose(values);
            return [total, losses];
          },
          used,
        );
      const values = Object.fromEntries([...parameters].map(([name, { weight }]) => [name, weight.ref]));
      const [[total, losses], gradients] = valueAndGrad(forward, { hasAux: true })(values);
      total.dispose();
      const wanted = (name: string): boolean => used.has(name) && !frozen(name);
      for (const [name, unwanted] of Object.entries(gradients)) if (!wanted(name)) unwanted.dispose();
      accumulator.add(new Map(Object.entries(gradients).filter(([name]) => wanted(name))), losses);
      live.add(accumulator);
      return accumulator.handle();
    },

    update(gradients, plan) {
      const { accumulator, values } = sourceOf(gradients);
      const final = values();
      const report = accumulator.report();
      if (!plan.skip) optimizer.update(parameters, final, plan);
      accumulator.release();
      live.delete(accumulator);
      return report;
    },

    evaluate(set, block, slot) {
      if (!evaluate || !evaluationSets.includes(set))
        throw new HooklineError('HOOKLINE_EVALUATION_SET', `there is no evaluation set '${set}'`, { hint: `there is: ${evaluationSets.join(', ') || 'none'}` });
      const values = slot === undefined ? new Map([...parameters].map(([name, { weight }]) => [name, weight])) : slotOf(slots, slot);
      return evaluate(set, (f) => border.pass('evaluate', Object.fromEntries(values), block, [0, 0], f));
    },

    save: () => save(state),
    load: (tensors) => load(state, tensors),
    dispose() {
      for (const accumulator of live) accumulator.release();
      live.clear();
      border.dispose();
      optimizer.dispose();
      dispose(state);
    },
  };
}

import * as tf from '@tensorflow/tfjs-core';
import type { Rule, Ruled } from './rules.js';
import type { GroupPass, HostState, Shape } from './update-ops.js';

/** The numbers of one step on one parameter. */
export interface RuleStep {
  /** Factor on the gradient, from clipping and scaling. */
  readonly gradientScale: number;
  readonly factor: number;
}

type Tensors = readonly tf.Tensor[];

/** What a pass computes; arguments alone decide, and numbers are tensors, so that it can be recorded. `scales` and `factors` have one for all or one for each. */
type Compute = (ws: Tensors, gs: Tensors, states: readonly Tensors[], scales: Tensors, factors: Tensors) => readonly Ruled[];

/** Runs a pass's computation: as it is, or through a graph. */
export type RunRule = (compute: Compute, ...args: Parameters<Compute>) => readonly Ruled[];

const plain: RunRule = (compute, ...args) => compute(...args);

/** One scalar where all numbers are the same, else one for each. */
const scalars = (numbers: readonly number[]): Tensors => {
  const same = numbers.every((number) => number === numbers[0]);
  return (same ? numbers.slice(0, 1) : numbers).map((number) => tf.scalar(number));
};

const at = (numbers: Tensors, i: number): tf.Tensor => (numbers[i] ?? numbers[0]) as tf.Tensor;

/** A formula on a group of parameters, with their states as tensors. */
export function rulePass(rule: Rule, shapes: readonly Shape[], run: RunRule = plain): GroupPass<RuleStep, HostState> {
  const fresh = (shape: Shape): tf.Tensor[] => rule.states.map(() => tf.keep(tf.fill([...shape], rule.initial)));
  const states = shapes.map(fresh);
  const compute: Compute = (ws, gs, before, scales, factors) =>
    ws.map((w, i) => {
      const g = gs[i] as tf.Tensor;
      return rule.step({ w, g: scales.length === 0 ? g : tf.mul(g, at(scales, i)), states: before[i] as Tensors, factor: at(factors, i) });
    });
  const replace = (place: number, next: Tensors): void => {
    tf.dispose(states[place] as tf.Tensor[]);
    states[place] = next.map((tensor) => tf.keep(tensor));
  };

  return {
    update(updates) {
      const steps = updates.map(({ step }) => step);
      const scaled = steps.some(({ gradientScale }) => gradientScale !== 1);
      const answers = tf.tidy(
        () =>
          run(
            compute,
            updates.map(({ w }) => w),
            updates.map(({ g }) => g),
            updates.map(({ place }) => states[place] as Tensors),
            scaled ? scalars(steps.map(({ gradientScale }) => gradientScale)) : [],
            scalars(steps.map(({ factor }) => factor)),
          ) as unknown as tf.TensorContainer,
      ) as unknown as readonly Ruled[];
      for (const [i, { place }] of updates.entries()) replace(place, (answers[i] as Ruled).states);
      return answers.map(({ w }) => w);
    },
    read: () => states.map((tensors) => Object.fromEntries(tensors.map((tensor, i) => [rule.states[i] as string, new Float32Array(tensor.dataSync())]))),
    write(given) {
      for (const [place, one] of given.entries()) {
        const shape = [...(shapes[place] as Shape)];
        replace(
          place,
          rule.states.map((name) => tf.tensor(new Float32Array(one[name] as Float32Array), shape, 'float32')),
        );
      }
    },
    dispose() {
      for (const tensors of states) tf.dispose(tensors);
    },
  };
}

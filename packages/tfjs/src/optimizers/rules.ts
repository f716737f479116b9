import * as tf from '@tensorflow/tfjs-core';
import type { RuleSettings } from './options.js';

/** What a rule computes with; `factor` is a scalar tensor, so that compiled code takes it as an argument. */
export interface RuleTensors {
  readonly w: tf.Tensor;
  readonly g: tf.Tensor;
  /** In the order of the rule's states. */
  readonly states: readonly tf.Tensor[];
  readonly factor: tf.Tensor;
}

export interface Ruled {
  readonly w: tf.Tensor;
  readonly states: readonly tf.Tensor[];
}

/** An optimizer as a formula over tensors, each parameter by itself. */
export interface Rule {
  /** Names of the state tensors, each of its parameter's shape. */
  readonly states: readonly string[];
  /** What every number of the state is before the first step. */
  readonly initial: number;
  /** What the gradient's part is multiplied by: minus the rate, corrected by the step count t, which begins at 1. */
  readonly factor: (rate: number, t: number) => number;
  readonly step: (at: RuleTensors) => Ruled;
}

/** `beta^t` as TensorFlow.js has it: multiplied up in float32, which is 1e-5 off in `1 − beta2^t` at first. */
function float32Power(beta: number, t: number): number {
  const base = Math.fround(beta);
  const known = powers.get(base) ?? [1];
  powers.set(base, known);
  while (known.length <= t) known.push(Math.fround((known[known.length - 1] as number) * base));
  return known[t] as number;
}

const powers = new Map<number, number[]>();

/** `1 − beta^t`, in float32. */
export const float32Remainder = (beta: number, t: number): number => Math.fround(1 - float32Power(beta, t));

const descend = (rate: number): number => -rate;

/** `old · decay + value · (1 − decay)`. */
const mix = (old: tf.Tensor, value: tf.Tensor, decay: number): tf.Tensor => tf.add(tf.mul(old, decay), tf.mul(value, 1 - decay));

const root = (x: tf.Tensor, epsilon: number): tf.Tensor => tf.sqrt(tf.add(x, epsilon));

type SettingsOf<K extends RuleSettings['type']> = Extract<RuleSettings, { readonly type: K }>;

const makers: { readonly [K in RuleSettings['type']]: (settings: SettingsOf<K>) => Rule } = {
  sgd: () => ({
    states: [],
    initial: 0,
    factor: descend,
    step: ({ w, g, factor }) => ({ w: tf.add(tf.mul(factor, g), w), states: [] }),
  }),
  momentum: ({ momentum, nesterov }) => ({
    states: ['accumulation'],
    initial: 0,
    factor: descend,
    step({ w, g, states: [old], factor }) {
      const next = tf.add(tf.mul(old as tf.Tensor, momentum), g);
      const direction = nesterov ? tf.add(g, tf.mul(next, momentum)) : next;
      return { w: tf.add(tf.mul(factor, direction), w), states: [next] };
    },
  }),
  rmsprop: ({ decay, momentum, epsilon, centered }) => ({
    states: ['meanSquare', 'moment', ...(centered ? ['mean'] : [])],
    initial: 0,
    factor: descend,
    step({ w, g, states: [oldSquare, oldMoment, oldMean], factor }) {
      const square = mix(oldSquare as tf.Tensor, tf.square(g), decay);
      const mean = oldMean && mix(oldMean, g, decay);
      // epsilon is taken away in the centered form: TensorFlow.js has it so, and gives NaN where a gradient is smaller than it
      const divisor = mean ? tf.sqrt(tf.sub(square, tf.add(tf.square(mean), epsilon))) : root(square, epsilon);
      const moment = tf.add(tf.mul(oldMoment as tf.Tensor, momentum), tf.div(tf.mul(g, tf.neg(factor)), divisor));
      return { w: tf.sub(w, moment), states: [square, moment, ...(mean ? [mean] : [])] };
    },
  }),
  adagrad: ({ initialAccumulator, epsilon }) => ({
    states: ['accumulator'],
    initial: initialAccumulator,
    factor: descend,
    step({ w, g, states: [old], factor }) {
      const next = tf.add(old as tf.Tensor, tf.square(g));
      return { w: tf.add(tf.mul(tf.div(g, root(next, epsilon)), factor), w), states: [next] };
    },
  }),
  adadelta: ({ rho, epsilon }) => ({
    states: ['gradients', 'updates'],
    initial: 0,
    factor: descend,
    step({ w, g, states: [gradients, updates], factor }) {
      // the root is of the mean before this gradient, as TensorFlow.js has it; the paper's is after
      const update = tf.mul(tf.div(root(updates as tf.Tensor, epsilon), root(gradients as tf.Tensor, epsilon)), g);
      const next = [mix(gradients as tf.Tensor, tf.square(g), rho), mix(updates as tf.Tensor, tf.square(update), rho)];
      return { w: tf.add(tf.mul(update, factor), w), states: next };
    },
  }),
  adamax: ({ betas: [beta1, beta2], epsilon, decay }) => ({
    states: ['m', 'norm'],
    initial: 0,
    factor: (rate, t) => Math.fround(-rate / ((t - 1) * decay + 1)) / float32Remainder(beta1, t),
    step({ w, g, states: [m, norm], factor }) {
      const first = mix(m as tf.Tensor, g, beta1);
      const largest = tf.maximum(tf.mul(norm as tf.Tensor, beta2), tf.abs(g));
      return { w: tf.add(tf.mul(factor, tf.div(first, tf.add(largest, epsilon))), w), states: [first, largest] };
    },
  }),
};

/** The formula of an optimizer of TensorFlow.js (tfjs-core 4.22, `optimizers/`), in its order of operations. */
export const ruleOf = (settings: RuleSettings): Rule => (makers[settings.type] as (settings: RuleSettings) => Rule)(settings);

import type { BlockInfo, UpdatePlan } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../learner/parameters.js';
import { type AdamWStep, corrections } from './adamw.js';
import { fates } from './dropped.js';
import { groupParameters } from './groups.js';
import type { LambStep } from './lamb.js';
import { type OptimizerOptions, type OptimizerSettings, parseOptimizer } from './options.js';
import type { RuleStep } from './rule-pass.js';
import { float32Remainder, type Rule, ruleOf } from './rules.js';
import { createUpdateOps, type GroupPass, type HostState, type UpdateOps } from './update-ops.js';

/** A gradient as it lies on the device, and the factor that clipping and scaling left to the optimizer. */
export interface ScaledGradient {
  readonly tensor: tf.Tensor;
  readonly scale: number;
}

/** Optimizer state of one parameter. */
export interface Moments {
  /** By the names in `states`. */
  readonly state: HostState;
  /** Updates so far: the t of Adam's bias correction when the counter is the parameter's own. */
  readonly count: number;
}

export interface Optimizer {
  readonly settings: OptimizerSettings;
  /** Whose state it is: optimizers of one kind can take over each other's. */
  readonly kind: string;
  /** Names of the state tensors that each parameter has. */
  readonly states: readonly string[];
  /** A parameter's updates so far. */
  count(name: string): number;
  /** A copy of the state by parameter name, never by position. */
  read(): ReadonlyMap<string, Moments>;
  /** Replaces the state of all parameters. */
  restore(moments: ReadonlyMap<string, Moments>): void;
  /** One pass over all parameters. Gradients stay the caller's. */
  update(gradients: ReadonlyMap<string, ScaledGradient>, plan: UpdatePlan): void;
  dispose(): void;
}

/** What decides over a parameter's step, beside the settings. */
interface Numbers {
  readonly gradientScale: number;
  readonly rate: number;
  readonly decays: boolean;
  readonly t: number;
}

interface Group {
  readonly names: readonly string[];
  readonly pass: GroupPass<Numbers, HostState>;
}

type Decaying = Extract<OptimizerSettings, { readonly weightDecay: number }>;
type StockAdam = Extract<OptimizerSettings, { readonly type: 'adam' }>;

/** A pass that takes its steps in another form. */
const withSteps = <From, To, State extends HostState>(pass: GroupPass<To, State>, stepOf: (from: From) => To): GroupPass<From, State> => ({
  ...pass,
  update: (updates) => pass.update(updates.map((one) => ({ ...one, step: stepOf(one.step) }))),
});

const shared = ({ betas: [beta1, beta2], epsilon, biasCorrection, weightDecay }: Decaying, { gradientScale, decays, t }: Numbers) => ({
  gradientScale,
  beta1,
  beta2,
  epsilon,
  weightDecay: decays ? weightDecay : 0,
  ...corrections(beta1, beta2, t, biasCorrection),
});

function adamwStep(settings: Decaying, numbers: Numbers): AdamWStep {
  const { first, weightDecay, ...rest } = shared(settings, numbers);
  return { ...rest, keep: 1 - numbers.rate * weightDecay, stepSize: numbers.rate * first };
}

/** TensorFlow.js's Adam: AdamW without decay, its bias correction in float32. */
function adamStep({ betas: [beta1, beta2], epsilon }: StockAdam, { gradientScale, rate, t }: Numbers): AdamWStep {
  const rootScale = 1 / Math.sqrt(float32Remainder(beta2, t));
  return { gradientScale, beta1, beta2, epsilon, keep: 1, stepSize: rate / float32Remainder(beta1, t), rootScale };
}

const ruleStep = (rule: Rule, { gradientScale, rate, t }: Numbers): RuleStep => ({ gradientScale, factor: rule.factor(rate, t) });

function lambStep(settings: Decaying & { readonly type: 'lamb' }, numbers: Numbers): LambStep {
  const { first, ...rest } = shared(settings, numbers);
  return { ...rest, firstScale: first, rate: numbers.rate, trust: settings.trustAll || numbers.decays };
}

type Shapes = readonly (readonly number[])[];

/** What an optimizer does, whatever the parameters. */
interface Method {
  readonly kind: string;
  readonly states: readonly string[];
  readonly weightDecay: number;
  readonly noDecay: (name: string) => boolean;
  /** Whether t is the step of the run for all, whatever the plan's `counter`. */
  readonly oneCount: boolean;
  readonly pass: (ops: UpdateOps, shapes: Shapes) => GroupPass<Numbers, HostState>;
}

function methodOf(settings: OptimizerSettings): Method {
  const moments = ['m', 'v'];
  const still = { weightDecay: 0, noDecay: () => true, oneCount: true };
  switch (settings.type) {
    case 'lamb': {
      const pass: Method['pass'] = (ops, shapes) => withSteps(ops.lamb(shapes), (numbers) => lambStep(settings, numbers));
      return { ...settings, kind: 'lamb', states: moments, oneCount: false, pass };
    }
    case 'adamw': {
      const pass: Method['pass'] = (ops, shapes) => withSteps(ops.adamw(shapes), (numbers) => adamwStep(settings, numbers));
      return { ...settings, kind: 'adam', states: moments, oneCount: false, pass };
    }
    case 'adam':
      return { ...still, kind: 'adam', states: moments, pass: (ops, shapes) => withSteps(ops.adamw(shapes), (numbers) => adamStep(settings, numbers)) };
    default: {
      const rule = ruleOf(settings);
      const pass: Method['pass'] = (ops, shapes) => withSteps(ops.ruled(shapes, rule), (numbers) => ruleStep(rule, numbers));
      return { ...still, kind: settings.type, states: rule.states, pass };
    }
  }
}

/**
 * An optimizer for these parameters, with moments of zero. Blocks tell it which parameters a gate drops.
 * @param ops the caller's to free; by default those of the engine in use, freed with the optimizer
 */
export function createOptimizer(parameters: Parameters, blocks: readonly BlockInfo[], options: OptimizerOptions, ops?: UpdateOps): Optimizer {
  const settings = parseOptimizer(options);
  const { kind, states, weightDecay, noDecay, oneCount, pass: passOf } = methodOf(settings);
  const fateOf = fates(blocks);
  const used = ops ?? createUpdateOps();
  const groups = groupParameters(used, parameters.names, blocks).map(
    (names): Group => ({
      names,
      pass: passOf(
        used,
        names.map((name) => parameters.variable(name).shape),
      ),
    }),
  );
  const counts = new Map(parameters.names.map((name) => [name, 0]));
  const countOf = (name: string): number => counts.get(name) as number;

  const assign = (names: readonly string[], weights: readonly tf.Tensor[]): void => {
    for (const [i, name] of names.entries()) parameters.assign(name, weights[i] as tf.Tensor);
  };

  const updateGroup = ({ names, pass }: Group, gradients: ReadonlyMap<string, ScaledGradient>, plan: UpdatePlan): void => {
    const moving = names.flatMap((name, place) => {
      const rate = plan.learningRate * plan.rateScale(name);
      const gradient = gradients.get(name);
      const fate = plan.rateScale(name) === 0 ? 'stand' : fateOf(name, gradient !== undefined, plan.gates, plan.dropped);
      return fate === 'stand' ? [] : [{ name, place, rate, gradient, fate, decays: !noDecay(name) }];
    });

    const decaying = moving.filter(({ fate, decays, rate }) => fate === 'decay' && decays && rate * weightDecay !== 0);
    if (decaying.length > 0) {
      const weights = decaying.map(({ name }) => parameters.variable(name));
      assign(
        decaying.map(({ name }) => name),
        used.decay(
          weights,
          decaying.map(({ rate }) => 1 - rate * weightDecay),
        ),
      );
    }

    const advancing = moving.filter(({ fate }) => fate !== 'decay');
    if (advancing.length === 0) return;
    const zeros: tf.Tensor[] = [];
    const zero = (shape: number[]): tf.Tensor => {
      const made = tf.zeros(shape);
      zeros.push(made);
      return made;
    };
    const updates = advancing.map(({ name, place, rate, gradient, decays }) => {
      const w = parameters.variable(name);
      const t = plan.counter === 'own' && !oneCount ? countOf(name) + 1 : plan.step + 1;
      return { place, w, g: gradient?.tensor ?? zero(w.shape), step: { gradientScale: gradient?.scale ?? 1, rate, decays, t } };
    });
    assign(
      advancing.map(({ name }) => name),
      pass.update(updates),
    );
    for (const { name } of advancing) counts.set(name, countOf(name) + 1);
    tf.dispose(zeros);
  };

  return {
    settings,
    kind,
    states,
    count: countOf,
    read: () =>
      new Map(groups.flatMap(({ names, pass }) => pass.read().map((state, i) => [names[i] as string, { state, count: countOf(names[i] as string) }]))),
    restore(moments) {
      for (const { names, pass } of groups) pass.write(names.map((name) => (moments.get(name) as Moments).state));
      for (const name of parameters.names) counts.set(name, (moments.get(name) as Moments).count);
    },
    update(gradients, plan) {
      for (const group of groups) updateGroup(group, gradients, plan);
    },
    dispose() {
      for (const { pass } of groups) pass.dispose();
      if (!ops) used.free();
    },
  };
}

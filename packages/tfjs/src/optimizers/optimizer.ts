import type { BlockInfo, UpdatePlan } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../learner/parameters.js';
import { corrections } from './adamw.js';
import { fates } from './dropped.js';
import { type OptimizerOptions, type OptimizerSettings, parseOptimizer } from './options.js';
import { type ParameterTensors, type Updated, type UpdateOps, updateOps } from './update-ops.js';

/** A gradient as it lies on the device, and the factor that clipping and scaling left to the optimizer. */
export interface ScaledGradient {
  readonly tensor: tf.Tensor;
  readonly scale: number;
}

/** Optimizer state of one parameter. */
export interface Moments {
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
  /** Updates so far: the t of Adam's bias correction when the counter is the parameter's own. */
  readonly count: number;
}

export interface Optimizer {
  readonly settings: OptimizerSettings;
  /** State by parameter name, never by position. */
  readonly moments: ReadonlyMap<string, Moments>;
  /** Replaces the state of a parameter and takes the tensors over. */
  restore(name: string, moments: Moments): void;
  /** One pass over all parameters. Gradients stay the caller's. */
  update(gradients: ReadonlyMap<string, ScaledGradient>, plan: UpdatePlan): void;
  dispose(): void;
}

/** An optimizer for these parameters, with moments of zero. Blocks tell it which parameters a gate drops. */
export function createOptimizer(parameters: Parameters, blocks: readonly BlockInfo[], options: OptimizerOptions): Optimizer {
  const settings = parseOptimizer(options);
  const fateOf = fates(blocks);
  const moments = new Map<string, Moments>();
  updateOps(); // so that the backend has its kernels before anybody counts them
  for (const name of parameters.names) {
    const { shape } = parameters.variable(name);
    moments.set(name, { m: tf.keep(tf.zeros(shape)), v: tf.keep(tf.zeros(shape)), count: 0 });
  }

  const restore = (name: string, next: Moments): void => {
    const old = moments.get(name) as Moments;
    if (old.m !== next.m) old.m.dispose();
    if (old.v !== next.v) old.v.dispose();
    tf.keep(next.m);
    tf.keep(next.v);
    moments.set(name, next);
  };

  const advance = (ops: UpdateOps, at: ParameterTensors, gradientScale: number, rate: number, decays: boolean, t: number): Updated => {
    const { betas, epsilon, weightDecay: decay, biasCorrection } = settings;
    const [beta1, beta2] = betas;
    const { first, rootScale } = corrections(beta1, beta2, t, biasCorrection);
    const weightDecay = decays ? decay : 0;
    if (settings.type === 'lamb') {
      const trust = settings.trustAll || decays;
      return ops.lamb(at, { gradientScale, beta1, beta2, firstScale: first, rootScale, epsilon, weightDecay, rate, trust });
    }
    return ops.adamw(at, { gradientScale, beta1, beta2, keep: 1 - rate * weightDecay, stepSize: rate * first, rootScale, epsilon });
  };

  return {
    settings,
    moments,
    restore,
    update(gradients, plan) {
      const ops = updateOps();
      for (const name of parameters.names) {
        const scale = plan.rateScale(name);
        if (scale === 0) continue;
        const gradient = gradients.get(name);
        const fate = fateOf(name, gradient !== undefined, plan.gates, plan.dropped);
        if (fate === 'stand') continue;
        const w = parameters.variable(name);
        const rate = plan.learningRate * scale;
        const decays = !settings.noDecay(name);
        if (fate === 'decay') {
          if (decays && rate * settings.weightDecay !== 0) parameters.assign(name, ops.decay(w, 1 - rate * settings.weightDecay));
          continue;
        }
        const { m, v, count } = moments.get(name) as Moments;
        const t = plan.counter === 'own' ? count + 1 : plan.step + 1;
        const g = gradient?.tensor ?? tf.zeros(w.shape);
        const next = advance(ops, { w, g, m, v }, gradient?.scale ?? 1, rate, decays, t);
        if (!gradient) g.dispose();
        restore(name, { m: next.m, v: next.v, count: count + 1 });
        parameters.assign(name, next.w);
      }
    },
    dispose() {
      for (const { m, v } of moments.values()) {
        m.dispose();
        v.dispose();
      }
      moments.clear();
    },
  };
}

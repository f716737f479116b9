import type { UpdatePlan } from '../learner.js';
import type { Named } from './gradient-handle.js';

/** Moments and step counts of the parameters, by name. */
export interface OptimizerState {
  readonly first: Named;
  readonly second: Named;
  readonly counters: Record<string, number>;
}

export interface OptimizerOptions {
  readonly type: 'sgd' | 'adam';
  /** Decoupled: weights -= rate · decay · weights. */
  readonly weightDecay: number;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * One pass of SGD or AdamW (Loshchilov and Hutter, 2019) over all parameters. One without a gradient belongs to a dropped block:
 * `skip` leaves it, `decay` decays its weights alone, `zeroGradient` treats it as one with a gradient of zero.
 * @returns how many parameters were touched
 */
export function optimize(weights: Named, gradients: Named, state: OptimizerState, plan: UpdatePlan, { type, weightDecay }: OptimizerOptions): number {
  let touched = 0;
  for (const [name, w] of Object.entries(weights)) {
    if (plan.rateScale(name) === 0) continue;
    const given = gradients[name];
    if (!given && plan.dropped === 'skip') continue;
    touched += 1;
    const rate = plan.learningRate * plan.rateScale(name);
    for (let i = 0; i < w.length; i++) w[i]! -= rate * weightDecay * w[i]!;
    if (!given && plan.dropped === 'decay') continue;
    const g = given ?? new Float64Array(w.length);
    state.counters[name]! += 1;
    if (type === 'sgd') for (let i = 0; i < w.length; i++) w[i]! -= rate * g[i]!;
    else adam(w, g, state.first[name]!, state.second[name]!, rate, plan.counter === 'own' ? state.counters[name]! : plan.step + 1);
  }
  return touched;
}

function adam(w: Float64Array, g: Float64Array, m: Float64Array, v: Float64Array, rate: number, t: number): void {
  for (let i = 0; i < w.length; i++) {
    m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
    v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! ** 2;
    w[i]! -= (rate * (m[i]! / (1 - beta1 ** t))) / (Math.sqrt(v[i]! / (1 - beta2 ** t)) + epsilon);
  }
}

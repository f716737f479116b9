import type { BlockInfo, UpdatePlan } from '@hookline/core';
import { jit, numpy as np } from '@jax-js/jax';
import type { Scaled } from './gradients.js';
import { changing } from './numbers.js';

export interface AdamWOptions {
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment. */
  readonly epsilon?: number;
  /** Decoupled: weights lose `rate · weightDecay` of themselves. */
  readonly weightDecay?: number;
  /** Parameters without weight decay; default those of one dimension: biases and LayerNorms. */
  readonly noDecay?: (name: string) => boolean;
}

/** A parameter and all that is kept of it, by its name and never by its place: in some steps others have no gradient. */
export interface Trained {
  weight: np.Array;
  first: np.Array;
  second: np.Array;
  /** Updates so far. */
  count: number;
}

const decayed = jit((w: np.Array, keep: np.Array) => w.mul(keep.slice(0)));

/**
 * One pass of AdamW (Loshchilov and Hutter 2019) in PyTorch's order: `w ← keep·w − stepSize·m / (√v·rootScale + ε)`. A parameter whose
 * block or branch did not run is treated as the plan's policy says; one without a gradient for another reason stands still.
 */
export function adamw({ betas: [beta1, beta2] = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01, noDecay }: AdamWOptions, blocks: readonly BlockInfo[]) {
  const homes = new Map(
    blocks.flatMap(({ parameters }, block) => parameters.map((name) => [name, { block, branch: undefined as string | undefined }] as const)),
  );
  for (const [block, { branchParameters = {} }] of blocks.entries())
    for (const [branch, names] of Object.entries(branchParameters)) for (const name of names) homes.set(name, { block, branch });

  const dropped = (name: string, { gates }: UpdatePlan): boolean => {
    const home = homes.get(name);
    const gate = home && gates[home.block];
    return gate !== undefined && (!gate.active || (home?.branch !== undefined && gate.branches[home.branch]?.active === false));
  };
  const moved = jit((w: np.Array, g: np.Array, m: np.Array, v: np.Array, numbers: np.Array) => {
    const number = (i: number) => numbers.ref.slice(i);
    const gradient = g.mul(number(0));
    const first = m.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const second = v.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const step = first.ref.mul(number(2)).div(np.sqrt(second.ref).mul(number(3)).add(epsilon));
    const weight = w.mul(number(1)).sub(step);
    numbers.dispose();
    return { weight, first, second };
  });

  return {
    update(parameters: ReadonlyMap<string, Trained>, gradients: ReadonlyMap<string, Scaled>, plan: UpdatePlan): void {
      for (const [name, own] of parameters) {
        const given = gradients.get(name);
        const rate = plan.learningRate * plan.rateScale(name);
        const policy = given ? 'update' : dropped(name, plan) ? plan.dropped : 'skip';
        if (policy === 'skip' || plan.rateScale(name) === 0) continue;
        const decays = !(noDecay ? noDecay(name) : own.weight.ndim < 2);
        const keep = decays ? 1 - rate * weightDecay : 1;
        if (policy === 'decay') {
          own.weight = decayed(own.weight, changing(keep));
          continue;
        }
        own.count += 1;
        const t = plan.counter === 'own' ? own.count : plan.step + 1;
        const numbers = changing(given?.scale ?? 0, keep, rate / (1 - beta1 ** t), 1 / Math.sqrt(1 - beta2 ** t));
        Object.assign(own, moved(own.weight, given ? given.tensor.ref : np.zeros(own.weight.shape), own.first, own.second, numbers));
      }
    },
    dispose: () => moved.dispose(),
  };
}

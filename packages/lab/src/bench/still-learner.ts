import type { BlockInfo, Gradients, Learner } from '@hookline/core';

/** Gradients that are nothing, but answer. */
function stillGradients(): Gradients<number> {
  const self: Gradients<number> = {
    names: [],
    losses: () => ({ mlm: 1 }),
    norm: () => 1,
    clipNorm: () => self,
    clipValue: () => self,
    scale: () => self,
    map: () => self,
    values: () => new Float32Array(),
    replace: () => self,
  };
  return self;
}

/** A learner with these blocks that computes nothing: a step of it is what trainer, hooks and plugins take by themselves. */
export function stillLearner(blocks: readonly BlockInfo[]): Learner<undefined, number> {
  const gradients = stillGradients();
  const losses = { mlm: 1 };
  return {
    blocks,
    data: { batchesPerEpoch: 1000, batch: () => undefined, counts: () => ({ mlm: 1 }) },
    evaluationSets: [],
    algebra: { run: (_, x) => x, norm: () => 0, dot: () => 0, distance: () => 0 },
    weights: {
      ...{ names: [], norms: () => ({}), copy: () => undefined, lerp: () => undefined },
      ...{ restore: () => undefined, remove: () => undefined, has: () => false },
    },
    gradients(_, block) {
      for (const { name } of blocks) block(name, 0, (x) => x);
      return gradients;
    },
    update: () => ({ losses, gradientNorm: 1 }),
    evaluate: () => ({}),
    save: () => ({}),
    load: () => undefined,
    dispose: () => undefined,
  };
}

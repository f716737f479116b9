import type { Learner } from '../learner.js';

/** A learner that does as another does, but for some of its parts. */
export function delegate<B, T>(learner: Learner<B, T>, parts: Partial<Learner<B, T>>): Learner<B, T> {
  return {
    blocks: learner.blocks,
    data: learner.data,
    evaluationSets: learner.evaluationSets,
    algebra: learner.algebra,
    weights: learner.weights,
    ...(learner.defaults ? { defaults: learner.defaults } : {}),
    gradients: (...given) => learner.gradients(...given),
    update: (...given) => learner.update(...given),
    evaluate: (...given) => learner.evaluate(...given),
    save: () => learner.save(),
    load: (tensors) => learner.load(tensors),
    dispose: () => learner.dispose(),
    ...parts,
  };
}

import { clipGradients, createTrainer, during, type Learner, type Plugin } from '@hookline/core';
import { setCompiling } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';

/** A training that is advanced one step at a time. */
export interface SteppedTrainer {
  /** Takes a step; answers with its loss. */
  step(): Promise<number>;
  /** Ends it, and frees the learner. */
  dispose(): Promise<void>;
}

export interface SteppedOptions {
  readonly learningRate: number;
  readonly seed: number;
  /** Beside a constant rate and clipping at norm 1. */
  readonly plugins?: readonly Plugin[];
  /** Whether what can be compiled is; default true. */
  readonly compiling?: boolean;
}

/** More steps than any benchmark takes. */
export const PLENTY = 1_000_000;

/** A trainer for benchmarks: the whole step with its hooks, of a learner that it owns from here on. */
export function steppedTrainer<B>(learner: Learner<B, tf.Tensor>, { learningRate, seed, plugins = [], compiling = true }: SteppedOptions): SteppedTrainer {
  const constant: Plugin = { name: 'bench-rate', provides: ['learning-rate'], onStep: during('begin', (step) => ({ ...step, learningRate })) };
  const steps = createTrainer({ learner, plugins: [...plugins, constant, clipGradients({ norm: 1 })], steps: PLENTY, seed }).events('step');
  return {
    async step() {
      const before = setCompiling(compiling);
      try {
        const { value } = await steps.next();
        return value.loss;
      } finally {
        setCompiling(before);
      }
    },
    async dispose() {
      await steps.return?.();
      learner.dispose();
    },
  };
}

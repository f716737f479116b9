import type { TrainingShape } from '../shape.js';

/** The experiment of `start`: large enough that blocks are 94 % of a step's arithmetic, small enough for minutes on two cores. */
export interface StartShape extends TrainingShape {
  /** Peak of the learning rate; it warms up over a tenth of the run and then falls linearly to 0. */
  readonly learningRate: number;
  /** What theta approaches. */
  readonly thetaBar: number;
  /** Held-out batches. */
  readonly heldOutBatches: number;
  /** Evaluations of each run, one of them after the first step and one after the last. */
  readonly evaluations: number;
  /** Most steps, unless the user gives more minutes. */
  readonly steps: number;
  /** Steps that a run trains before it is another's turn. */
  readonly chunk: number;
}

export const startShape: StartShape = {
  numHiddenLayers: 6,
  hiddenSize: 128,
  numAttentionHeads: 2,
  intermediateSize: 512,
  vocabSize: 1024,
  sequenceLength: 32,
  batchSize: 8,
  maskedPerRow: 8,
  learningRate: 1e-3,
  thetaBar: 0.5,
  heldOutBatches: 32,
  evaluations: 9,
  steps: 400,
  chunk: 10,
};

/** Seconds that the first timed steps took, each a mean. */
export interface FirstTiming {
  /** A step of the dense PreLN model. */
  readonly dense: number;
  /** A step of the model without blocks. */
  readonly control: number;
  /** An evaluation of the dense model. */
  readonly evaluation: number;
}

/** How long the runs are, and why. */
export interface RunLengths {
  /** Steps of the full runs. */
  readonly steps: number;
  /** Steps of the dense run that gets the time of the run with dropped layers. */
  readonly equalTimeSteps: number;
  /** Evaluations of each run, the first and the last step's among them. */
  readonly evaluations: number;
  /** Expected share of a dense step's time that dropping saves. */
  readonly expectedTimeSaving: number;
  /** Seconds that all runs are expected to take. */
  readonly expectedSeconds: number;
}

export interface BudgetOptions {
  /** Seconds for all of the training and evaluation. */
  readonly seconds: number;
  /** Most steps. */
  readonly most: number;
  /** Expected share of the blocks' compute that a run of so many steps saves. */
  readonly blockSaving: (steps: number) => number;
  /** Most evaluations of each run. */
  readonly evaluations: number;
}

/** Runs with blocks; the control's evaluations cost next to nothing. */
const runsEvaluated = 4;

/** Share of the time that evaluations may take. */
const evaluationShare = 0.25;

/** Fewest steps that show anything; also in no time at all. */
export const fewestSteps = 20;

/**
 * How many steps fit: three dense-sized runs (PreLN with dropped layers, PreLN, PostLN), a dense run in the time of the first, and the control.
 * The time that dropping saves is expected to be the blocks' saving times the blocks' share of a dense step, which is what the control lacks.
 * Steps are a multiple of 10, the chunk of the interleaving.
 */
export function runLengths(timing: FirstTiming, { seconds, most, blockSaving, evaluations: wanted }: BudgetOptions): RunLengths {
  const blockShare = Math.max(0, 1 - timing.control / timing.dense);
  const evaluations = Math.max(2, Math.min(wanted, Math.floor((evaluationShare * seconds) / (runsEvaluated * timing.evaluation))));
  const forTraining = Math.max(0, seconds - runsEvaluated * evaluations * timing.evaluation);
  const aStep = (saving: number): number => timing.dense * (2 + 2 * (1 - saving)) + timing.control;
  const guess = forTraining / aStep(blockSaving(most) * blockShare);
  const steps = Math.max(fewestSteps, 10 * Math.floor(Math.min(most, guess) / 10));
  const expectedTimeSaving = blockSaving(steps) * blockShare;
  return {
    steps,
    evaluations,
    equalTimeSteps: Math.max(1, Math.round(steps * (1 - expectedTimeSaving))),
    expectedTimeSaving,
    expectedSeconds: steps * aStep(expectedTimeSaving) + runsEvaluated * evaluations * timing.evaluation,
  };
}

import { HooklineError } from './errors.js';
import type { StepBegin, StepEnd, StepGradients } from './events.js';
import { activeBlocks } from './gates.js';
import type { Gradients, UpdatePlan } from './learner.js';
import type { Run } from './run.js';
import type { StepNews } from './trainer-types.js';
import type { Scalars } from './values.js';

/** What an update reports. */
export interface Outcome {
  readonly losses: Scalars;
  readonly gradientNorm: number;
}

const keepRate = (): number => 1;
const keepActivations = (): boolean => false;

/** A step before any plugin has planned it: everything open, the rate of the options. */
export function beginEvent({ plan, progress, open }: Run<any, any>): StepBegin {
  return {
    phase: 'begin',
    index: progress.step,
    total: plan.total,
    epoch: progress.position / plan.learner.data.batchesPerEpoch,
    seed: plan.seed,
    gates: open,
    learningRate: plan.options.learningRate ?? 0,
    report: Object.freeze({}),
    dropped: 'skip',
    counter: 'own',
    rateScale: keepRate,
    recompute: keepActivations,
  };
}

export function gradientsEvent<T>(begin: StepBegin, gradients: Gradients<T>, replay: StepGradients<T>['replay']): StepGradients<T> {
  const { index, total, epoch, seed, gates, learningRate, report } = begin;
  return { phase: 'gradients', index, total, epoch, seed, gates, learningRate, report, gradients, skipUpdate: false, replay };
}

export function updatePlan(begin: StepBegin, ready: StepGradients): UpdatePlan {
  const { index: step, gates, rateScale, dropped, counter } = begin;
  return { step, learningRate: ready.learningRate, rateScale, gates, dropped, counter, skip: ready.skipUpdate };
}

/**
 * Refuses to go on with weights that an update broke. A skipped update broke none: so a plugin may let bad steps pass.
 * @throws HooklineError `HOOKLINE_NOT_FINITE` naming step and objective
 */
export function checkFinite({ losses, gradientNorm }: Outcome, { index, skipUpdate }: StepGradients): void {
  if (skipUpdate) return;
  const numbers = [
    ...Object.entries(losses).map(([objective, loss]) => [`the loss of '${objective}'`, loss] as const),
    ['the gradient norm', gradientNorm] as const,
  ];
  const broken = numbers.find(([, number]) => !Number.isFinite(number));
  if (!broken) return;
  throw new HooklineError('HOOKLINE_NOT_FINITE', `step ${index}: ${broken[0]} is ${broken[1]}`, {
    hint: 'lower the learning rate, clip the gradients, or go on from an earlier checkpoint with other settings',
  });
}

export function endEvent(ready: StepGradients, { losses, gradientNorm }: Outcome): StepEnd {
  const { index, total, epoch, seed, gates, learningRate, report, skipUpdate } = ready;
  const loss = Object.values(losses).reduce((sum, one) => sum + one, 0);
  return {
    phase: 'end',
    index,
    total,
    epoch,
    seed,
    gates,
    learningRate,
    report,
    loss,
    losses: Object.freeze({ ...losses }),
    gradientNorm,
    activeBlocks: activeBlocks(gates),
    skipped: skipUpdate,
    evaluate: [],
    checkpoint: false,
    stop: undefined,
  };
}

/** @param seconds wall-clock time of the step */
export function stepNews(end: StepEnd, seconds: number): StepNews {
  const { index, total, epoch, loss, losses, gradientNorm, learningRate, gates, report, skipped } = end;
  return {
    index,
    total,
    epoch,
    loss,
    losses,
    gradientNorm,
    learningRate,
    activeBlocks: end.activeBlocks,
    active: gates.map((gate) => gate.active),
    report,
    skipped,
    seconds,
  };
}

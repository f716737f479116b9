import { flopsPerStep } from '@hookline/bert';
import type { CorpusSets } from '@hookline/bert/node';
import { createTrainer, given } from '@hookline/core';
import type { PretrainConfig } from './config.js';
import { learnerOf, type StartingModel } from './learner.js';
import { blockSaving, runPlugins } from './plugins.js';

const warmUp = 2;
const timed = 5;

/** Mean seconds of a dense step and of an evaluation. */
export interface StepTime {
  readonly step: number;
  readonly evaluation: number;
}

/** Mean seconds, measured on a model that is thrown away. */
async function timeSteps(config: PretrainConfig, data: CorpusSets, model: StartingModel, signal: AbortSignal | undefined): Promise<StepTime> {
  const { pld: _p, layerDrop: _l, stochasticDepth: _s, telemetry: _t, ...dense } = config;
  const learner = await learnerOf(dense, data, model);
  try {
    const plugins = runPlugins({ ...dense, evaluation: { ...config.evaluation, every: warmUp + timed } }, model.config).filter(
      ({ name }) => name !== 'metrics-file' && name !== 'checkpoints',
    );
    const trainer = createTrainer({ learner, plugins, steps: warmUp + timed, seed: config.seed, ...given({ signal }) });
    const seconds: number[] = [];
    let evaluation = 0;
    trainer.on('step', (news) => void seconds.push(news.seconds));
    trainer.on('evaluation', (news) => {
      evaluation += news.seconds;
    });
    await trainer.run();
    signal?.throwIfAborted();
    return { step: seconds.slice(warmUp).reduce((sum, one) => sum + one, 0) / timed, evaluation };
  } finally {
    learner.dispose();
  }
}

/** What a run has to fit. */
export interface Budget {
  readonly seconds: number;
  /** Steps, or a share of the run, between two evaluations. */
  readonly every: number;
  /** Share of a dense step's time that a run of so many steps is expected to save. */
  readonly saved: (steps: number) => number;
}

/** The greatest number of steps, at least 1, that fits a budget with its evaluations. */
export function stepsThatFit(time: StepTime, { seconds, every, saved }: Budget): number {
  const evaluations = (steps: number): number => Math.ceil(every < 1 ? Math.min(steps, 1 / every) : steps / every);
  const fits = (steps: number): boolean => steps * time.step * (1 - saved(steps)) + evaluations(steps) * time.evaluation <= seconds;
  let [low, high] = [1, Math.max(1, Math.ceil((20 * seconds) / time.step))];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * How many steps fit into a budget of seconds: the time of a dense step is measured, what dropping saves is expected of it by the blocks' share of
 * the arithmetic, and evaluations are counted. At least 1. A signal ends the timing: its reason is thrown.
 */
export async function stepsForBudget(config: PretrainConfig, data: CorpusSets, start: StartingModel, seconds: number, signal?: AbortSignal): Promise<number> {
  const model = start.config;
  const time = await timeSteps(config, data, start, signal);
  const maskedPerRow = config.maskedPerRow ?? Math.ceil(0.15 * config.sequenceLength);
  const { blockShare } = flopsPerStep(model, { batchSize: config.batchSize, sequenceLength: config.sequenceLength, maskedPerRow });
  const saved = (steps: number): number => blockSaving(config, model.numHiddenLayers, steps) * blockShare;
  return stepsThatFit(time, { seconds, every: config.evaluation.every, saved });
}

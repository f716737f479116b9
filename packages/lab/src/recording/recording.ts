import type { News, Trainer } from '@hookline/core';
import type { MetricsLine } from '@hookline/core/node';
import type { CurvePoint, EvaluationPoint } from '../report/index.js';

/** What a run has done so far, as a report needs it. Grows while the run goes on. */
export interface Recording {
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
  /** For each step and block, whether the block ran. */
  readonly active: readonly (readonly boolean[])[];
  /** Seconds of each step. */
  readonly stepSeconds: readonly number[];
  /** Seconds of all steps: evaluation and checkpoints are off this clock. */
  readonly seconds: number;
}

export interface RecordingOptions {
  /** The evaluation set whose loss is the held-out loss; default: every set. */
  readonly set?: string;
  /** The name of that loss among the metrics; default `mlmLoss`. */
  readonly metric?: string;
  /** Tokens that a step reads. */
  readonly tokensAStep?: number;
}

function recorder({ set, metric = 'mlmLoss', tokensAStep }: RecordingOptions) {
  const curve: CurvePoint[] = [];
  const evaluations: EvaluationPoint[] = [];
  const active: (readonly boolean[])[] = [];
  const stepSeconds: number[] = [];
  let seconds = 0;
  const at = (step: number) => ({ step, seconds, ...(tokensAStep === undefined ? {} : { tokens: step * tokensAStep }) });
  const recording: Recording = {
    curve,
    evaluations,
    active,
    stepSeconds,
    get seconds() {
      return seconds;
    },
  };
  return {
    recording,
    step(news: News['step']): void {
      seconds += news.seconds;
      stepSeconds.push(news.seconds);
      active.push(news.active);
      const { theta, expectedActive } = news.report;
      const extra = { ...(theta === undefined ? {} : { theta }), ...(expectedActive === undefined ? {} : { expectedActive }) };
      curve.push({ ...at(news.index + 1), loss: news.losses['mlm'] ?? news.loss, ...extra });
    },
    evaluation(news: News['evaluation']): void {
      const loss = news.metrics[metric];
      if (loss !== undefined && news.set === (set ?? news.set)) evaluations.push({ ...at(news.step), loss });
    },
  };
}

/** Records a run to come, by listening to it. */
export function recordRun(trainer: Pick<Trainer, 'on'>, options: RecordingOptions = {}): Recording {
  const { recording, step, evaluation } = recorder(options);
  trainer.on('step', step);
  trainer.on('evaluation', evaluation);
  return recording;
}

/** The recording of a run from its metrics file. */
export function recordingOf(lines: readonly MetricsLine[], options: RecordingOptions = {}): Recording {
  const { recording, step, evaluation } = recorder(options);
  for (const line of lines) {
    if (line.event === 'step') step(line);
    if (line.event === 'evaluation') evaluation(line);
  }
  return recording;
}

/** Blocks run and blocks that could have run. */
export function blockRuns(active: readonly (readonly boolean[])[]): { readonly run: number; readonly possible: number } {
  return active.reduce((sum, row) => ({ run: sum.run + row.filter(Boolean).length, possible: sum.possible + row.length }), { run: 0, possible: 0 });
}

import type { Trainer } from '@hookline/core';
import type { CurvePoint, EvaluationPoint } from '../report/index.js';

/** What a run has done so far, as a report needs it. Grows while the run goes on. */
export interface Recording {
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
  /** For each step and block, whether the block ran. */
  readonly active: readonly (readonly boolean[])[];
  /** Seconds of each step. */
  readonly stepSeconds: readonly number[];
  /** Seconds of all steps. */
  readonly seconds: number;
}

export interface RecordingOptions {
  /** The evaluation set whose `mlmLoss` is the held-out loss; default: the first that is told of. */
  readonly set?: string;
  /** Tokens that a step reads. */
  readonly tokensAStep?: number;
}

/** Listens to a run to come; the clock is the sum of the steps' own seconds, so evaluation and checkpoints are off it. */
export function recordRun(trainer: Trainer, { set, tokensAStep }: RecordingOptions = {}): Recording {
  const curve: CurvePoint[] = [];
  const evaluations: EvaluationPoint[] = [];
  const active: (readonly boolean[])[] = [];
  const stepSeconds: number[] = [];
  let seconds = 0;
  const tokensAt = (step: number) => (tokensAStep === undefined ? {} : { tokens: step * tokensAStep });
  trainer.on('step', (news) => {
    seconds += news.seconds;
    stepSeconds.push(news.seconds);
    active.push(news.active);
    const { theta, expectedActive } = news.report;
    const step = news.index + 1;
    const extra = { ...(theta === undefined ? {} : { theta }), ...(expectedActive === undefined ? {} : { expectedActive }) };
    curve.push({ step, seconds, ...tokensAt(step), loss: news.losses['mlm'] ?? news.loss, ...extra });
  });
  trainer.on('evaluation', (news) => {
    const loss = news.metrics['mlmLoss'];
    if (loss !== undefined && news.set === (set ?? news.set)) evaluations.push({ step: news.step, seconds, ...tokensAt(news.step), mlmLoss: loss });
  });
  return {
    curve,
    evaluations,
    active,
    stepSeconds,
    get seconds() {
      return seconds;
    },
  };
}

/** Blocks run and blocks that could have run. */
export function blockRuns(active: readonly (readonly boolean[])[]): { readonly run: number; readonly possible: number } {
  return active.reduce((sum, row) => ({ run: sum.run + row.filter(Boolean).length, possible: sum.possible + row.length }), { run: 0, possible: 0 });
}

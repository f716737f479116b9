import { blockRuns } from '../recording/recording.js';
import { chunkSums, type Estimate, pairedDifference, pairedRatio } from '../recording/statistics.js';
import type { RunLengths } from './budget.js';
import type { Lane } from './lane.js';
import type { StartVariant } from './variants.js';

/** A line of the result. */
export interface StartRow {
  readonly key: StartVariant['key'];
  readonly name: string;
  readonly steps: number;
  /** Held-out MLM loss after the last step, in nats. */
  readonly heldOutLoss: number;
  /** Held-out loss minus the control's, paired over the held-out batches; undefined for the control itself. */
  readonly againstControl: Estimate | undefined;
  readonly secondsAStep: number;
  readonly seconds: number;
  readonly blocks: { readonly run: number; readonly possible: number };
}

/** What `start` found. */
export interface StartSummary {
  readonly rows: readonly StartRow[];
  /** Share of the dense run's time that dropping saved at the same number of steps, with its standard error over chunks. */
  readonly timeSaved: Estimate;
  /** The same of processor time, which other programs on the machine do not lengthen. */
  readonly processorTimeSaved: Estimate;
  /** Whether other programs took so much of the machine that processor time is the better measure: it was below 0.9 of the wall-clock. */
  readonly busyMachine: boolean;
  /** What was expected of it, from the first timing. */
  readonly expectedTimeSaved: number;
  /** Time of the dense run meant to take PLD's time, over PLD's time. */
  readonly equalTimeRatio: number;
  /** PLD's held-out loss minus the dense run's, paired. */
  readonly lossCost: Estimate;
  /** PLD's held-out loss minus that of the dense run in the same time, paired. */
  readonly lossCostInEqualTime: Estimate;
  /** Loss on the held-out batches of a model that knows how common tokens are and reads nothing, in nats. */
  readonly unigramEntropy: number;
  /** Whether any variant beats the control by more than two standard errors. */
  readonly depthMatters: boolean;
}

/** Whether a paired difference is below 0 by more than two standard errors. */
export const clearlyBelowZero = ({ mean, standardError }: Estimate): boolean => mean < -2 * standardError;

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** 1 minus the ratio of the totals; the error is over chunks, which were trained in turns. */
const saved = (dropping: readonly number[], dense: readonly number[], chunk: number): Estimate => ({
  mean: 1 - total(dropping) / total(dense),
  standardError: pairedRatio(chunkSums(dropping, chunk), chunkSums(dense, chunk)).standardError,
});

/** Compares the finished lanes. */
export function summarize(lanes: readonly Lane[], lengths: RunLengths, chunk: number, unigramEntropy: number): StartSummary {
  const losses = new Map(lanes.map((lane) => [lane.variant.key, lane.heldOutLosses()]));
  const of = (key: StartVariant['key']): Lane => lanes.find((lane) => lane.variant.key === key)!;
  const difference = (a: StartVariant['key'], b: StartVariant['key']): Estimate => pairedDifference(losses.get(a)!, losses.get(b)!);
  const rows = lanes.map(({ variant, recording }): StartRow => {
    return {
      key: variant.key,
      name: variant.name,
      steps: recording.curve.length,
      heldOutLoss: recording.evaluations.at(-1)?.loss ?? Number.NaN,
      againstControl: variant.key === 'control' ? undefined : difference(variant.key, 'control'),
      secondsAStep: recording.seconds / recording.curve.length,
      seconds: recording.seconds,
      blocks: blockRuns(recording.active),
    };
  });
  const [dropping, dense] = [of('dropping'), of('dense')];
  const processor = lanes.flatMap((lane) => lane.processorSeconds).reduce((sum, seconds) => sum + seconds, 0);
  const wall = lanes.reduce((sum, lane) => sum + lane.recording.seconds, 0);
  return {
    rows,
    timeSaved: saved(dropping.recording.stepSeconds, dense.recording.stepSeconds, chunk),
    processorTimeSaved: saved(dropping.processorSeconds, dense.processorSeconds, chunk),
    busyMachine: processor < 0.9 * wall,
    expectedTimeSaved: lengths.expectedTimeSaving,
    equalTimeRatio: of('equalTime').recording.seconds / dropping.recording.seconds,
    lossCost: difference('dropping', 'dense'),
    lossCostInEqualTime: difference('dropping', 'equalTime'),
    unigramEntropy,
    depthMatters: rows.some((row) => row.againstControl !== undefined && clearlyBelowZero(row.againstControl)),
  };
}

/** A point of a training curve. Seconds are cumulative training time: evaluation, checkpoints and warm-up are off this clock. */
export interface CurvePoint {
  /** Optimizer steps completed, from 1. */
  readonly step: number;
  readonly seconds: number;
  /** Tokens that the model has read so far, padding included; where the run knows it. */
  readonly tokens?: number;
  /** Training loss of the step, in nats. */
  readonly loss: number;
  /** Progressive layer dropping's theta in the step. */
  readonly theta?: number;
  /** Blocks that the plan expects to run, by the method's probabilities. */
  readonly expectedActive?: number;
}

/** A held-out measurement. */
export interface EvaluationPoint {
  readonly step: number;
  readonly seconds: number;
  readonly tokens?: number;
  /** Mean loss over the held-out batches, in nats; of a BERT that of masked words. */
  readonly loss: number;
}

/** Mean seconds of a training step, by part. */
export interface StepParts {
  readonly data: number;
  readonly forwardBackward: number;
  readonly update: number;
  readonly other: number;
}

/** One trained model of a report. */
export interface ReportVariant {
  readonly name: string;
  /** A sentence on what sets this variant apart. */
  readonly description?: string;
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
  /** Residual blocks of the model. */
  readonly blocks: number;
  /** For each step and block, whether the block ran. Absent where every block always runs. */
  readonly active?: readonly (readonly boolean[])[];
  readonly parts?: StepParts;
  /** Drawn in grey, as something to compare with and not as a contender. */
  readonly control?: boolean;
}

/** A horizontal line in the loss charts, e.g. the unigram entropy. */
export interface ReferenceLine {
  readonly label: string;
  /** In nats. */
  readonly loss: number;
}

/** A number worth reading first. */
export interface Headline {
  readonly value: string;
  readonly label: string;
  readonly detail?: string;
}

export interface ReportTable {
  readonly title: string;
  /** The first column names the row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly caption?: string;
}

/** A chart that a report brings with it. */
export interface ReportFigure {
  readonly title: string;
  readonly text: string;
  /** As `renderSvg` makes it. */
  readonly svg: string;
}

/** What a loss chart has on its horizontal axis. */
export type LossAxis = 'step' | 'seconds' | 'tokens';

/** Everything that a report shows: plain data, made by `start`, `pretrain` and `compare`. */
export interface Report {
  /** The command, e.g. `hookline start`. */
  readonly kind: string;
  /** The finding in one sentence. */
  readonly title: string;
  readonly lede: string;
  /** When the runs ended. */
  readonly made: Date;
  /** Label and value, e.g. `['Processor', '…, 2 cores']`. */
  readonly machine: readonly (readonly [string, string])[];
  readonly settings: readonly (readonly [string, string])[];
  readonly headlines: readonly Headline[];
  readonly variants: readonly ReportVariant[];
  readonly references: readonly ReferenceLine[];
  readonly tables: readonly ReportTable[];
  readonly axes: readonly LossAxis[];
  /** Charts besides those of losses and gates. */
  readonly figures?: readonly ReportFigure[];
  /** What these numbers do and do not show. */
  readonly notes: readonly string[];
  /** The command that makes this report again. */
  readonly command?: string;
}

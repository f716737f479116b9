import type { Learner } from './learner.js';
import type { Plugin } from './plugin.js';
import type { Services } from './services.js';
import type { Scalars, Tensors } from './values.js';

/** News of a finished step. */
export interface StepNews {
  readonly index: number;
  readonly total: number;
  readonly epoch: number;
  readonly loss: number;
  readonly losses: Scalars;
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly activeBlocks: number;
  /** For each block, whether it ran. */
  readonly active: readonly boolean[];
  /** Extra scalars of plugins, e.g. `theta`. */
  readonly report: Scalars;
  readonly skipped: boolean;
  /** Wall-clock seconds of this step. */
  readonly seconds: number;
}

/** One-way news of a run, by kind. A listener that throws is logged and breaks nothing. */
export interface News {
  /** The batches of a step have been read, in so many seconds. */
  readonly batches: { readonly index: number; readonly seconds: number };
  readonly step: StepNews;
  readonly evaluation: { readonly step: number; readonly set: string; readonly metrics: Scalars; readonly seconds: number };
  readonly checkpoint: { readonly step: number };
  /** The last news of a run: `stopped` is undefined after its total, else the reason; 'failed' after an error, 'left' after a `break`. */
  readonly end: { readonly steps: number; readonly stopped: string | undefined };
}

/** Which checkpoint is best: that with the least or the greatest value of a metric of an evaluation set. */
export interface Monitor {
  readonly set: string;
  readonly metric: string;
  readonly mode: 'min' | 'max';
}

/** Which checkpoints a store keeps. */
export interface Retention {
  /** The newest so many, at least 1; all when absent. */
  readonly keep?: number;
  /** The best by this metric is kept besides. */
  readonly best?: Monitor;
}

/** Everything that a resumed run needs. */
export interface Checkpoint {
  /** Optimizer steps completed. */
  readonly step: number;
  /** Batches consumed. */
  readonly position: number;
  readonly tensors: Tensors;
  readonly plugins: Readonly<Record<string, { readonly version: number; readonly state: unknown }>>;
  /** What the run was configured with, to refuse a resume under other settings: seed, total, accumulation, plugin names, … */
  readonly config: Readonly<Record<string, unknown>>;
  /** Latest metrics by evaluation set, for retention by a monitored metric. */
  readonly metrics: Readonly<Record<string, Scalars>>;
  /** What the plugins of the run say of retention; a store's own options where absent. */
  readonly retention?: Retention;
  /** Why a plugin ended the run with this checkpoint; absent where none did. */
  readonly stopped?: string;
}

/** Where checkpoints go. */
export interface CheckpointStore {
  save(checkpoint: Checkpoint): Promise<void>;
  /** The newest valid checkpoint, or the one of that name; a named one that is damaged or missing is an error. */
  load(name?: string): Promise<Checkpoint | undefined>;
}

export type Length = { readonly steps: number; readonly epochs?: never } | { readonly epochs: number; readonly steps?: never };

export type TrainerOptions<B, T> = Length & {
  readonly learner: Learner<B, T>;
  readonly plugins?: readonly Plugin<NoInfer<T>>[];
  /** Key of every random draw; default 0. */
  readonly seed?: number;
  /** Run directory for checkpoints (and, by plugins, metrics). */
  readonly run?: string;
  /** Where checkpoints go, instead of `run`. */
  readonly store?: CheckpointStore;
  /**
   * `true`: go on from the latest checkpoint, or from the start where there is none; where a plugin ended the run with it, the run ends again at once. A name: go on
   * from that one in any case. Default: start anew, and refuse where there is a checkpoint.
   */
  readonly resume?: boolean | string;
  /** A constant rate, instead of the learner's own schedule. A plugin that sets the rate of a step comes after it. */
  readonly learningRate?: number;
  /** Milliseconds that an asynchronous answer may take; default 60,000. */
  readonly hookTimeout?: number;
  /** Ends the run after the step in progress, with a checkpoint where there is a store; `stopped` is then 'aborted'. */
  readonly signal?: AbortSignal;
  /** Replaces or adds services of this run: `(run) => run.register(Clock, { useFactory: () => myClock })`. */
  readonly services?: (run: Services) => void;
};

export interface RunResult {
  /** Optimizer steps completed. */
  readonly steps: number;
  /** Why the run ended before its total, if it did. */
  readonly stopped: string | undefined;
  readonly last: StepNews | undefined;
  /** Latest metrics by evaluation set. */
  readonly metrics: Readonly<Record<string, Scalars>>;
}

export interface Trainer {
  readonly total: number;
  /** The plugins in the order in which their hooks run. */
  plan(): readonly string[];
  run(): Promise<RunResult>;
  /** Iterating is the run: it advances as the loop asks for more; leaving the loop ends the run cleanly at the step's end. */
  events<K extends keyof News>(kind: K): AsyncIterableIterator<News[K]>;
  /** Listens to a run in progress; answers with the way to stop listening. */
  on<K extends keyof News>(kind: K, listener: (news: News[K]) => void): () => void;
}

import type { BlockInfo, Gate, Gates } from './gates.js';
import type { Gradients } from './learner.js';
import type { Scalars } from './values.js';

/** What happens to the parameters of a block that did not run, in the optimizer's pass. */
export type DroppedPolicy =
  /** Nothing: weights, moments and their step counter stand still. */
  | 'skip'
  /** Weight decay moves the weights; moments and counter stand still. */
  | 'decay'
  /** A gradient of zero: decay, moments and counter advance. */
  | 'zeroGradient';

/** Common to the three phases of a training step. Events are immutable: answer with a changed copy. */
interface Step {
  /** Optimizer steps completed before this one; 0 for the first. */
  readonly index: number;
  /** Optimizer steps of the whole run. */
  readonly total: number;
  /** Passes over the data so far, as a fraction, e.g. 1.5. */
  readonly epoch: number;
  readonly seed: number;
  readonly gates: Gates;
  readonly learningRate: number;
  /** Extra scalars for telemetry, e.g. `theta`: spread and add your own. They reach the news, the metrics file and the report. */
  readonly report: Scalars;
}

/** Before the data is read: plan learning rate and gates here. */
export interface StepBegin extends Step {
  readonly phase: 'begin';
  readonly dropped: DroppedPolicy;
  /** The step count in Adam's bias correction: each parameter's own, or the trainer's. */
  readonly counter: 'own' | 'global';
  /** Factor on the learning rate of a parameter; 0 freezes it: no gradient is computed for it, and weight, moments and counter stand still. */
  readonly rateScale: (parameter: string) => number;
  /** Whether a block's activations are computed again in the backward pass instead of kept. */
  readonly recompute: (block: string) => boolean;
}

/** After the backward pass of the last micro-batch, before the optimizer. */
export interface StepGradients<T = any> extends Step {
  readonly phase: 'gradients';
  readonly gradients: Gradients<T>;
  /** Leaves weights and optimizer state as they are in this step. */
  readonly skipUpdate: boolean;
  /**
   * Runs the step's passes once more, with the same batches, gates, draws and hooks, and lets `look` see each block as it is left: to find out what went
   * wrong in them. It takes as long as they did, and changes nothing.
   */
  readonly replay: (look: (call: BlockLeave<T>) => void) => Promise<void>;
}

/** After the update. `evaluate`, `checkpoint` and `stop` are requests: the trainer serves them after all plugins, in that order. */
export interface StepEnd extends Step {
  readonly phase: 'end';
  /** Sum of `losses`. */
  readonly loss: number;
  /** Mean loss by objective. */
  readonly losses: Scalars;
  /** Global L2 norm of the gradients before any plugin changed them. */
  readonly gradientNorm: number;
  readonly activeBlocks: number;
  /** Whether the update was skipped. */
  readonly skipped: boolean;
  /** Names of the evaluation sets to evaluate after this step. */
  readonly evaluate: readonly string[];
  readonly checkpoint: boolean;
  /** A reason to end the run after this step. */
  readonly stop: string | undefined;
}

export type StepEvent<T = any> = StepBegin | StepGradients<T> | StepEnd;

interface Evaluation {
  /** Optimizer steps completed. */
  readonly step: number;
  /** Name of the evaluation set. */
  readonly set: string;
  /** Open unless a plugin says otherwise: the whole network is evaluated. */
  readonly gates: Gates;
}

export interface EvalBegin extends Evaluation {
  readonly phase: 'evalBegin';
  /** The weight slot to evaluate, e.g. `ema`; the trained weights when undefined. */
  readonly weights: string | undefined;
}

export interface EvalEnd extends Evaluation {
  readonly phase: 'evalEnd';
  readonly metrics: Scalars;
  readonly checkpoint: boolean;
  readonly stop: string | undefined;
}

export type EvalEvent = EvalBegin | EvalEnd;

interface Call<T> {
  readonly mode: 'train' | 'evaluate';
  readonly step: number;
  /** Index of the micro-batch under accumulation. */
  readonly micro: number;
  /** Index of the block among `run.blocks`. */
  readonly index: number;
  readonly name: BlockInfo['name'];
  /** The executed gate; a hook may look at it but never change it. */
  readonly gate: Gate;
  readonly input: T;
}

/** Before a block runs or is skipped; an answer may replace `input`. */
export interface BlockEnter<T = any> extends Call<T> {
  readonly phase: 'enter';
  readonly recompute: boolean;
}

/** After a block ran or was skipped; an answer may replace `output`. */
export interface BlockLeave<T = any> extends Call<T> {
  readonly phase: 'leave';
  readonly output: T;
}

export type BlockCall<T = any> = BlockEnter<T> | BlockLeave<T>;

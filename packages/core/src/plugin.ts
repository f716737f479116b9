import type { OperatorFunction } from 'rxjs';
import type { z } from 'zod';
import type { EvaluationPlan } from './evaluate-learner.js';
import type { BlockCall, EvalEvent, StepEvent } from './events.js';
import type { BlockInfo } from './gates.js';
import type { Algebra, Weights } from './learner.js';
import type { Token } from './services.js';
import type { News, Retention } from './trainer-types.js';
import type { Scalars } from './values.js';

/** An RxJS operator that answers events with events of the same kind. */
export type Operator<E> = OperatorFunction<E, E>;

/** An operator known to answer within the call; made by `during`, `eachBlock` or `synchronously`. */
export interface SyncOperator<E> extends OperatorFunction<E, E> {
  readonly '~synchronous': true;
}

/** The three hooks. Exactly one emission for each event, or a typed error that names plugin, hook and step. */
export interface Hooks<T = any> {
  readonly onStep?: Operator<StepEvent<T>>;
  readonly onEval?: Operator<EvalEvent>;
  readonly onForwardBlock?: SyncOperator<BlockCall<T>>;
}

/** State that affects training: checked by a schema, saved in checkpoints, restored before `setup` is called on resume. */
export interface Cell<S> {
  get(): S;
  set(next: S): void;
}

/** What a plugin may know about its run. */
export interface RunContext {
  /** Optimizer steps of the whole run. */
  readonly total: number;
  readonly seed: number;
  readonly batchesPerEpoch: number;
  readonly blocks: readonly BlockInfo[];
  readonly evaluationSets: readonly string[];
  readonly weights: Weights;
  readonly algebra: Algebra<any>;
  /** A keyed draw in [0, 1): the same arguments always give the same number. */
  readonly random: (stream: string, step: number, index: number) => number;
  /** The run directory (the trainer's option `run`), where a plugin's files go by default; undefined where there is none. */
  readonly directory: string | undefined;
  /** Optimizer steps completed when this run began: 0, or those of the checkpoint that it resumed. */
  readonly resumedAt: number;
  /** A service of this run, e.g. `run.service(Logger)`. */
  readonly service: <X>(token: Token<X>) => X;
  /**
   * An evaluation beside those of the run, under a gate plan of its own: no hook and no news tells of it. For answers to `end`, `evalBegin` and `evalEnd`:
   * between steps, never inside one.
   */
  readonly evaluate: (set: string, plan?: EvaluationPlan) => Promise<Scalars>;
  /** Listens to the run's news, from a plugin's `setup`; the trainer stops the listening when the run ends. */
  readonly on: <K extends keyof News>(kind: K, listener: (news: News[K]) => void) => () => void;
}

/** Place in the order and relations to other plugins. */
export interface Order {
  /** Lower runs earlier: all-reduce -100, users' plugins 0 (the default), clipping 50. */
  readonly stage?: number;
  /** Its stage in phase `end` of a step, where that is another: who guards the update comes late before it and early after it. */
  readonly endStage?: number;
  /** Names of plugins that must come later; stronger than `stage`. */
  readonly before?: readonly string[];
  /** Names of plugins that must come earlier; stronger than `stage`. */
  readonly after?: readonly string[];
  /** Capabilities, e.g. `gating`, `learning-rate`, `clipping`; two plugins that provide the same conflict unless one shares it. */
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
  /** Names or capabilities of plugins that this one cannot run with. */
  readonly conflicts?: readonly string[];
  /** Capabilities that this plugin also provides but composes with another provider of. */
  readonly shares?: readonly string[];
  /** Micro-batches a step; factors of several plugins multiply. */
  readonly accumulation?: number;
  /** Which checkpoints the store keeps; travels with each checkpoint. At most one plugin of a run may say. */
  readonly retention?: Retention;
}

export interface PluginState<S extends z.ZodType = z.ZodType> {
  readonly version: number;
  readonly schema: S;
  readonly initial: (run: RunContext) => z.output<S>;
}

/** A plain object. Hooks are given directly, or made for each run by `setup`; never both for the same hook. */
export interface Plugin<T = any> extends Hooks<T>, Order {
  readonly name: string;
  readonly state?: PluginState;
  readonly setup?: (run: RunContext, state: Cell<any>) => Hooks<T>;
}

import type { DroppedPolicy } from './events.js';
import type { BlockInfo, Gate, Gates } from './gates.js';
import type { Plugin } from './plugin.js';
import type { Awaitable, Counts, Host, Scalars, Tensors } from './values.js';

/**
 * The gradients of a step: an opaque handle with verbs. Each verb answers with a new handle and nothing is computed before it is
 * needed: `norm` and `values` read the device, the rest does not. "At this place in the order": after `clipNorm(1)` the norm is at most 1.
 */
export interface Gradients<T = any> {
  /** Parameters that have a gradient; those of dropped blocks and frozen ones have none. */
  readonly names: readonly string[];
  /** Mean loss by objective of the step so far; reads the device, together with the norms. */
  losses(): Scalars;
  /** L2 norm over all parameters, or of one. */
  norm(name?: string): number;
  /** Scales all by min(1, limit / (norm + 1e-6)), as PyTorch does. */
  clipNorm(limit: number): Gradients<T>;
  /** Clamps each number to [-limit, limit]. */
  clipValue(limit: number): Gradients<T>;
  scale(factor: number, which?: (name: string) => boolean): Gradients<T>;
  /** Replaces each gradient; `f` must be pure. */
  map(f: (gradient: T, name: string) => T): Gradients<T>;
  values(name: string): Host;
  replace(values: Readonly<Record<string, Host>>): Gradients<T>;
}

/** Weights in named slots beside the trained ones: for averaging, rollback and evaluation. */
export interface Weights {
  /** All parameters, in the learner's order: from the input to the output where it has one. */
  readonly names: readonly string[];
  /** L2 norm of each trained weight, or of its difference from that of a slot; reads the device once. */
  norms(from?: string): Scalars;
  /** Copies the trained weights into a slot, made when absent. */
  copy(to: string): void;
  /** slot += amount · (weights − slot), exactly, whatever blocks were dropped. */
  lerp(to: string, amount: number): void;
  /** Copies a slot back into the trained weights. */
  restore(from: string): void;
  /** Forgets a slot: checkpoints no longer hold it. Nothing happens where there is none. */
  remove(slot: string): void;
  has(slot: string): boolean;
}

/**
 * A residual branch inside a block: `x + gain · F(x)`, or x where its gate is closed. `after` is applied to the sum of an open branch
 * and skipped with a closed one: the LayerNorm of a PostLN block, `LN(x + gain · F(x))`.
 */
export type Branch<T> = (name: string, x: T, body: (x: T) => T, after?: (sum: T) => T) => T;

/** What a block's body may use besides its inputs. */
export interface BlockScope<T> {
  readonly branch: Branch<T>;
  /** Key of this block's dropout in this step and micro-batch; compiled code receives it as a tensor. */
  readonly seed: readonly [number, number];
  readonly mode: 'train' | 'evaluate';
}

/**
 * The border of a residual block. The body returns the block's whole output B(x); the learner's algebra blends
 * `x + gain · (B(x) − x)`, so an existing `x = layer(x)` becomes `x = block('layer.3', x, layer)`. A closed block's body is not called.
 * Tensors that the body needs besides x and parameters (an attention mask) are passed as `inputs`, not captured.
 */
export type Block<T> = <I extends readonly T[] = []>(name: string, x: T, body: (x: T, scope: BlockScope<T>, ...inputs: I) => T, ...inputs: I) => T;

/** One run of an open block, as the trainer asks the learner for it. */
export interface RunBlock {
  readonly name: string;
  readonly gate: Gate;
  readonly recompute: boolean;
  readonly seed: readonly [number, number];
  readonly mode: 'train' | 'evaluate';
}

/**
 * The tensor operations that core needs and does not have. Core borrows tensors and frees none: plugins are shown what a block was given
 * and what it made after it has run, in the midst of the pass, so both must be fit to compute with until the pass is over.
 */
export interface Algebra<T> {
  /** Runs an open block and blends by its gain; branches obey `call.gate.branches`. Leaves x and inputs as they are. */
  run(call: RunBlock, x: T, body: (x: T, scope: BlockScope<T>, ...inputs: T[]) => T, inputs: readonly T[]): T;
  /** L2 norm; reads the device. */
  norm(x: T): number;
  /** Inner product; reads the device. */
  dot(x: T, y: T): number;
  /** L2 distance ‖x − y‖, computed from the differences: x·x + y·y − 2x·y loses its digits where x and y are close. Reads the device. */
  distance(x: T, y: T): number;
  /**
   * Takes over a tensor that a plugin answered with in the place of a block's input or output; called for each, also for one that the pass
   * knows already. For libraries whose memory is freed by hand or by counted references.
   */
  adopt?(x: T): void;
}

/** Training data, addressed by position: nothing is replayed on resume. */
export interface Data<B> {
  readonly batchesPerEpoch: number;
  /** The batch at a position 0, 1, 2, … over all epochs: a pure function of it. */
  batch(position: number): Awaitable<B>;
  /** Items of each objective in a batch. */
  counts(batch: B): Counts;
}

/** Everything the optimizer needs to know about a step. */
export interface UpdatePlan {
  readonly step: number;
  readonly learningRate: number;
  readonly rateScale: (parameter: string) => number;
  readonly gates: Gates;
  readonly dropped: DroppedPolicy;
  readonly counter: 'own' | 'global';
  readonly skip: boolean;
}

/** A model with its data and its optimizer, in some tensor library. `B`: a batch, `T`: a tensor. */
export interface Learner<B = any, T = any> {
  readonly blocks: readonly BlockInfo[];
  readonly data: Data<B>;
  readonly evaluationSets: readonly string[];
  readonly algebra: Algebra<T>;
  readonly weights: Weights;
  /** The learner's recipe (schedule, clipping); each gives way to a user's plugin that provides the same capability. */
  readonly defaults?: readonly Plugin<T>[];
  /**
   * Forward and backward pass of one micro-batch, added to `into`; each objective's loss is its sum over `denominators[objective]`.
   * `seed` is the key of dropout outside blocks (embeddings, heads) in this step and micro-batch. A `frozen` parameter gets no gradient, and
   * what only its gradient needs is not computed. Without `into` another sum begins; handles made before stay as they are. What passes move besides, running
   * averages of a batch normalization, is for `update` to take over: a pass changes nothing that is saved.
   */
  gradients(
    batch: B,
    block: Block<T>,
    denominators: Counts,
    into: Gradients<T> | undefined,
    seed?: readonly [number, number],
    frozen?: (parameter: string) => boolean,
  ): Gradients<T>;
  /**
   * One optimizer pass and one device read. `gradientNorm` is that before any plugin changed the gradients, also of an update that `plan.skip` leaves out. What the
   * passes of these gradients moved besides parameters is taken over here, and left out with the update.
   */
  update(gradients: Gradients<T>, plan: UpdatePlan): Awaitable<{ readonly losses: Scalars; readonly gradientNorm: number }>;
  /** Metrics of an evaluation set under the weights of a slot (the trained ones when undefined). */
  evaluate(set: string, block: Block<T>, slot: string | undefined): Awaitable<Scalars>;
  /** Weights, optimizer state and slots; a later step does not change what was returned. */
  save(): Tensors;
  /** Takes back what `save` gave; a typed error, and no change, when names or shapes do not fit. */
  load(tensors: Tensors): void;
  dispose(): void;
}

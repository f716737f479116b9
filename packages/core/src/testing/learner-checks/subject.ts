import { type Border, makeBlock } from '../../block.js';
import { type Gate, type Gates, openGates } from '../../gates.js';
import type { Block, Gradients, Learner, UpdatePlan } from '../../learner.js';
import type { Awaitable, Counts, Host, Scalars, Tensors } from '../../values.js';

/** What a learner cannot do, or the check has no means for. */
export type LearnerLimit =
  /** It has no dropout, or the one made here has none. */
  | 'dropout'
  /** It has dropout in blocks alone. */
  | 'outerDropout'
  /** It has dropout outside of blocks alone. */
  | 'innerDropout'
  /** It has no evaluation sets. */
  | 'evaluation'
  /** No block has branches. */
  | 'branches'
  /** Nothing counts its tensors. */
  | 'live'
  /** Its loss is no smooth function, or too coarse for differences. */
  | 'differences'
  /** Its library has no recomputation: asked for it, it refuses. */
  | 'recompute'
  /** It recomputes blocks without calling their bodies again: it traced them. */
  | 'calls'
  /** Its optimizer counts no steps: SGD. */
  | 'counters';

/** The learner under test, and how exact it is. */
export interface LearnerSubject<B = any, T = any> {
  readonly make: () => Awaitable<Learner<B, T>>;
  readonly cannot: ReadonlySet<LearnerLimit>;
  /** Relative difference of numbers that are equal but for the order in which they were computed. */
  readonly tolerance: number;
  readonly differences: DifferenceOptions;
  /** The key of a parameter's weights in what `save` gives. */
  readonly weightOf: (parameter: string) => string;
  readonly live: (() => number) | undefined;
  /** Twice a tensor. */
  readonly double: ((tensor: T) => T) | undefined;
}

export interface DifferenceOptions {
  /** Length of the step along a direction in which the loss is compared. */
  readonly step: number;
  /** Largest difference from a gradient, relative to it. */
  readonly tolerance: number;
  /** How many parameters are looked at, spread evenly. */
  readonly parameters: number;
  /** Relative rounding of a loss. */
  readonly rounding: number;
}

/** Gives `f` a new learner, and disposes of it. */
export async function using<R>({ make }: LearnerSubject, f: (learner: Learner) => Awaitable<R>): Promise<R> {
  const learner = await make();
  try {
    return await f(learner);
  } finally {
    learner.dispose();
  }
}

export interface Pass {
  readonly gates?: Gates;
  readonly recompute?: boolean;
  /** Key of all dropout. */
  readonly seed?: number;
  readonly mode?: 'train' | 'evaluate';
}

/** The border of the blocks, as in a trainer without plugins. */
export const blockOf = (learner: Learner, { gates = openGates(learner.blocks), recompute = false, seed = 7, mode = 'train' }: Pass = {}): Border<any> =>
  makeBlock({ mode, step: 0, micro: 0, gates, algebra: learner.algebra, hook: undefined, recompute: () => recompute, seedOf: (i) => [seed, i] });

export interface Forward extends Pass {
  /** Of the batch; default 0. */
  readonly position?: number;
  /** The batch itself. */
  readonly batch?: unknown;
  /** Key of dropout outside of blocks; default `seed`. */
  readonly outerSeed?: number;
  readonly into?: Gradients | undefined;
  readonly denominators?: Counts;
  readonly frozen?: (parameter: string) => boolean;
  /** Puts something around `block`. */
  readonly wrap?: (block: Block<any>) => Block<any>;
}

/** Gradients of one batch. */
export async function gradientsOf(
  learner: Learner,
  { position = 0, into, denominators, frozen, wrap = (block) => block, ...pass }: Forward = {},
): Promise<Gradients> {
  const batch = pass.batch ?? (await learner.data.batch(position));
  return learner.gradients(
    batch,
    wrap(blockOf(learner, pass)),
    denominators ?? learner.data.counts(batch),
    into,
    [pass.outerSeed ?? pass.seed ?? 7, -1],
    frozen,
  );
}

export const planOf = (learner: Learner, part: Partial<UpdatePlan> = {}): UpdatePlan => ({
  step: 0,
  learningRate: 0.01,
  rateScale: () => 1,
  gates: openGates(learner.blocks),
  dropped: 'skip',
  counter: 'own',
  skip: false,
  ...part,
});

export interface Step extends Forward {
  readonly plan?: Partial<UpdatePlan>;
  /** What becomes of the gradients before the update. */
  readonly change?: (gradients: Gradients) => Gradients;
}

/** Forward, backward and update. */
export async function step(learner: Learner, { plan, change = (same) => same, ...forward }: Step = {}) {
  const gates = forward.gates ? { gates: forward.gates } : {};
  return learner.update(change(await gradientsOf(learner, forward)), planOf(learner, { ...gates, ...plan }));
}

/** Losses of a batch, and what `read` makes of its gradients; nothing is updated. */
export async function look<R>(
  learner: Learner,
  forward: Forward,
  read: (gradients: Gradients) => R,
): Promise<{ readonly losses: Scalars; readonly result: R }> {
  const gradients = await gradientsOf(learner, forward);
  const result = read(gradients);
  const { losses } = await learner.update(gradients, planOf(learner, { skip: true }));
  return { losses, result };
}

export const lossOf = async (learner: Learner, forward: Forward = {}): Promise<number> => {
  const { losses } = await look(learner, forward, () => undefined);
  return Object.values(losses).reduce((sum, one) => sum + one, 0);
};

/** All gradients in numbers. */
export const valuesOf = (gradients: Gradients): Readonly<Record<string, Host>> =>
  Object.fromEntries(gradients.names.map((name) => [name, gradients.values(name)]));

export const norm = (...all: readonly Host[]): number => Math.sqrt(all.reduce((sum, one) => (one as Float64Array).reduce((inner, x) => inner + x * x, sum), 0));

/** The keys of what `save` gave that belong to a parameter besides its weights: moments, counters. */
export const stateKeys = (tensors: Tensors, parameter: string, weights: string): string[] =>
  Object.keys(tensors).filter((key) => key !== weights && key.endsWith(`/${parameter}`));

/** An open plan with some gates changed. */
export const gatesWith = (learner: Learner, change: (gate: Gate, index: number) => Partial<Gate>): Gates =>
  openGates(learner.blocks).map((gate, i) => ({ ...gate, ...change(gate, i) }));

/** A plan with gains that are no ones, and where there are several blocks, one closed. */
export const mixedGates = (learner: Learner): Gates =>
  gatesWith(learner, ({ branches }, i) => ({
    active: i !== 1,
    gain: 1 + 0.25 * i,
    branches: Object.fromEntries(Object.entries(branches).map(([name], b) => [name, { active: true, gain: 1.5 - 0.25 * b }])),
  }));

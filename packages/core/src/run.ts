import { type Border, makeBlock } from './block.js';
import { type Cells, createCells } from './cells.js';
import { checkpointName } from './checkpoint/name.js';
import { openStore, resumePoint } from './checkpointing.js';
import type { StepBegin } from './events.js';
import { type Gates, openGates } from './gates.js';
import { type Pipelines, pipelines } from './hooks/pipelines.js';
import type { Block } from './learner.js';
import type { RunContext } from './plugin.js';
import { hooksOf } from './plugin-shape.js';
import { runContext } from './run-context.js';
import type { RunPlan } from './run-plan.js';
import { Logger } from './services.js';
import type { Checkpoint, CheckpointStore, StepNews } from './trainer-types.js';
import type { Scalars } from './values.js';

/** How far a run has come; the one thing in it that changes. */
export interface Progress {
  /** Optimizer steps completed. */
  step: number;
  /** Batches consumed. */
  position: number;
  /** Whether a step is being planned, computed or applied: from its `begin` to its update. */
  inStep: boolean;
  /** Why the run ends before its total. */
  stopped: string | undefined;
  last: StepNews | undefined;
  /** Latest metrics by evaluation set. */
  metrics: Record<string, Scalars>;
}

/** A run in progress. */
export interface Run<B, T> {
  readonly plan: RunPlan<B, T>;
  readonly hooks: Pipelines<T>;
  readonly cells: Cells;
  readonly store: CheckpointStore | undefined;
  readonly context: RunContext;
  /** Every block and branch open, gain 1: where each plan begins. */
  readonly open: Gates;
  readonly progress: Progress;
}

/** Sets every plugin up; where one fails, those before it hear the end. */
function setUp<T>({ plugins, endOrder, learner, options, news }: RunPlan<any, T>, context: RunContext, cells: Cells): Pipelines<T> {
  const { hookTimeout: timeout = 60_000 } = options;
  const { evaluationSets, weights, algebra } = learner;
  const firstStep = context.resumedAt;
  try {
    const hooked = plugins.map((plugin) => hooksOf(plugin, context, cells.of(plugin)));
    return pipelines<T>(hooked, {
      firstStep,
      timeout,
      endOrder,
      evaluationSets,
      hasSlot: (slot) => weights.has(slot),
      parameters: weights.names,
      adopt: algebra.adopt?.bind(algebra),
    });
  } catch (error) {
    news.tell('end', { steps: firstStep, stopped: 'failed' });
    throw error;
  }
}

/** Why the run that is resumed had ended: what a plugin ended stays so, unless its checkpoint is named. */
function stoppedBefore({ options, services }: RunPlan<any, any>, resumed: Checkpoint | undefined): string | undefined {
  if (resumed?.stopped === undefined || typeof options.resume === 'string') return undefined;
  const name = checkpointName(resumed.step);
  services
    .resolve(Logger)
    .info(`the run had ended after step ${resumed.step - 1}: ${resumed.stopped}; to go on all the same, name the checkpoint: resume: '${name}'`);
  return resumed.stopped;
}

/** Starts a run, or goes on with one: learner and plugin states are restored before any plugin is set up. */
export async function startRun<B, T>(plan: RunPlan<B, T>): Promise<Run<B, T>> {
  const { learner, plugins } = plan;
  const store = await openStore(plan);
  const resumed = await resumePoint(plan, store);
  const { step, position, metrics } = resumed ?? { step: 0, position: 0, metrics: {} };
  const progress: Progress = { step, position, inStep: false, stopped: stoppedBefore(plan, resumed), last: undefined, metrics: { ...metrics } };
  const context = runContext(plan, progress);
  const cells = createCells(plugins, context, resumed?.plugins);
  if (resumed) learner.load(resumed.tensors);
  const hooks = setUp(plan, context, cells);
  return { plan, hooks, cells, store, context, open: openGates(learner.blocks), progress };
}

/** Key of the dropout of one block, or of a whole micro-batch, in one step. */
const dropoutKey = (run: Run<any, any>, stream: string, step: number, index: number): readonly [number, number] => [
  Math.floor(run.context.random(stream, step, index) * 2 ** 32) | 0,
  index,
];

/** The key of a micro-batch's draws outside of blocks. */
export const microSeed = (run: Run<any, any>, step: number, micro: number): readonly [number, number] => dropoutKey(run, 'dropout', step, micro);

/** The border of the blocks in the forward pass of one micro-batch. */
export function trainingBlock<T>(run: Run<any, T>, { index: step, gates, recompute }: StepBegin, micro: number, hook = run.hooks.block): Border<T> {
  const { algebra, blocks } = run.plan.learner;
  const seedOf = (index: number) => dropoutKey(run, 'dropout.block', step, micro * blocks.length + index);
  return makeBlock({ mode: 'train', step, micro, gates, algebra, hook, recompute, seedOf });
}

/** The border of the blocks in an evaluation. */
export function evaluationBlock<T>(run: Run<any, T>, step: number, gates: Gates): Block<T> {
  const { algebra } = run.plan.learner;
  return makeBlock({ mode: 'evaluate', step, micro: 0, gates, algebra, hook: run.hooks.block, recompute: () => false, seedOf: () => [0, 0] });
}

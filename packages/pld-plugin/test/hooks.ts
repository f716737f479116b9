import { type BlockInfo, type EvalBegin, openGates, type Plugin, type RunContext, type StepBegin, type StepEnd, uniform } from '@hookline/core';
import { firstValueFrom, of } from 'rxjs';

/** What a plugin may know of a run, without a trainer; weights, algebra and news are not there. */
export const runContext = (blocks: readonly BlockInfo[], total: number, seed = 1, directory?: string): RunContext =>
  ({
    total,
    seed,
    batchesPerEpoch: 10,
    blocks,
    evaluationSets: [],
    random: (stream: string, step: number, index: number) => uniform(seed, stream, step, index),
    directory,
  }) as unknown as RunContext;

export const stepBegin = (run: RunContext, index: number): StepBegin => ({
  phase: 'begin',
  index,
  total: run.total,
  epoch: 0,
  seed: run.seed,
  gates: openGates(run.blocks),
  learningRate: 0,
  report: { before: 1 },
  dropped: 'decay',
  counter: 'global',
  rateScale: () => 1,
  recompute: () => false,
});

const cell = { get: () => undefined, set: () => {} };
const hooksOf = (plugin: Plugin, run: RunContext) => plugin.setup?.(run, cell) ?? plugin;

/** A plugin's answers to the begin of steps 0 … n − 1. */
export async function begins(plugin: Plugin, run: RunContext, steps = run.total): Promise<StepBegin[]> {
  const { onStep } = hooksOf(plugin, run);
  return Promise.all(Array.from({ length: steps }, (_, index) => firstValueFrom(of(stepBegin(run, index)).pipe(onStep!)) as Promise<StepBegin>));
}

/** Shows a plugin the end of steps with these gates, from `first` on. */
export async function ends(plugin: Plugin, run: RunContext, trace: readonly StepEnd['gates'][], first = 0): Promise<void> {
  const { onStep } = hooksOf(plugin, run);
  for (const [i, gates] of trace.entries()) await firstValueFrom(of({ phase: 'end', index: first + i, gates } as StepEnd).pipe(onStep!));
}

/** A plugin's plan for an evaluation after `step` steps. */
export async function evaluation(plugin: Plugin, run: RunContext, step: number): Promise<EvalBegin> {
  const event: EvalBegin = { phase: 'evalBegin', step, set: 'held-out', gates: openGates(run.blocks), weights: undefined };
  const { onEval } = hooksOf(plugin, run);
  return onEval ? ((await firstValueFrom(of(event).pipe(onEval))) as EvalBegin) : event;
}

/** Drives one plugin's hooks without a trainer. */
import { firstValueFrom, of } from 'rxjs';
import { vi } from 'vitest';
import type { EvalBegin, EvalEnd, StepBegin, StepEnd, StepGradients } from '../src/events.js';
import { type BlockInfo, openGates } from '../src/gates.js';
import type { Gradients, Weights } from '../src/learner.js';
import type { Cell, Operator, Plugin, RunContext } from '../src/plugin.js';
import type { News } from '../src/trainer-types.js';

export const block = (name: string, parameters: readonly string[] = []): BlockInfo => ({ name, branches: [], parameters, cost: 1 });

/** Weight verbs that only record their calls. */
export const recordedWeights = (names: readonly string[] = []) =>
  ({
    names,
    norms: vi.fn(() => Object.fromEntries(names.map((name) => [name, 1]))),
    copy: vi.fn(),
    lerp: vi.fn(),
    restore: vi.fn(),
    remove: vi.fn(),
    has: vi.fn(() => true),
  }) satisfies Weights;

type Listener = (news: never) => void;

export function driven(plugin: Plugin, overrides: Partial<RunContext> = {}) {
  const warnings: string[] = [];
  const listeners = new Map<keyof News, Set<Listener>>();
  const run = {
    total: 10,
    seed: 0,
    batchesPerEpoch: 5,
    blocks: [block('a'), block('b')],
    evaluationSets: ['dev', 'test'],
    weights: recordedWeights(),
    random: () => 0,
    directory: undefined,
    resumedAt: 0,
    service: () => ({ info: () => undefined, warn: (line: string) => void warnings.push(line) }), // the logger
    on: (kind: keyof News, listener: Listener) => {
      const heard = listeners.get(kind) ?? new Set();
      listeners.set(kind, heard.add(listener));
      return () => heard.delete(listener);
    },
    ...overrides,
  } as unknown as RunContext;
  let value: unknown = plugin.state?.initial(run);
  const cell: Cell<unknown> = {
    get: () => value,
    set: (next) => {
      value = plugin.state?.schema.parse(next);
    },
  };
  const made = plugin.setup?.(run, cell) ?? {};
  const hooks = { ...plugin, ...made };
  const gates = openGates(run.blocks);
  const ask = <E>(hook: unknown, event: E): Promise<E> => (hook ? firstValueFrom(of(event).pipe(hook as Operator<E>)) : Promise.resolve(event));
  const common = (index: number) => ({ index, total: run.total, epoch: index / run.batchesPerEpoch, seed: run.seed, gates, learningRate: 0, report: {} });
  return {
    cell,
    run,
    /** What the plugin warned of. */
    warnings,
    hooks,
    tell: <K extends keyof News>(kind: K, news: News[K]): void => {
      for (const listener of listeners.get(kind) ?? []) listener(news as never);
    },
    begin: (index: number, more: Partial<StepBegin> = {}): Promise<StepBegin> =>
      ask(hooks.onStep, { ...common(index), phase: 'begin', dropped: 'skip', counter: 'own', rateScale: () => 1, recompute: () => false, ...more }),
    gradients: (index: number, gradients: Gradients, more: Partial<StepGradients> = {}): Promise<StepGradients> =>
      ask(hooks.onStep, { ...common(index), phase: 'gradients', gradients, skipUpdate: false, replay: async () => undefined, ...more }),
    end: (index: number, more: Partial<StepEnd> = {}): Promise<StepEnd> =>
      ask(hooks.onStep, {
        ...common(index),
        phase: 'end',
        loss: 1,
        losses: { mse: 1 },
        gradientNorm: 1,
        activeBlocks: gates.length,
        skipped: false,
        evaluate: [],
        checkpoint: false,
        stop: undefined,
        ...more,
      } as StepEnd),
    evalBegin: (step: number, set = 'dev', weights?: string): Promise<EvalBegin> => ask(hooks.onEval, { phase: 'evalBegin', step, set, gates, weights }),
    evalEnd: (step: number, metrics: EvalEnd['metrics'], more: Partial<EvalEnd> = {}): Promise<EvalEnd> =>
      ask(hooks.onEval, { phase: 'evalEnd', step, set: 'dev', gates, metrics, checkpoint: false, stop: undefined, ...more } as EvalEnd),
  };
}

/** The indices of a run's steps for which a question is answered with yes. */
export async function stepsWhere(total: number, ask: (index: number) => Promise<boolean>): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < total; index++) if (await ask(index)) found.push(index);
  return found;
}

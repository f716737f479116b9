import { during } from '../hooks/during.js';
import type { Learner } from '../learner.js';
import { memoryStore } from '../memory-store.js';
import type { Plugin } from '../plugin.js';
import { Logger, type Services } from '../services.js';
import { createTrainer } from '../trainer.js';
import type { CheckpointStore, StepNews, Trainer } from '../trainer-types.js';
import type { Tensors } from '../values.js';

/** A run whose every number is kept. */
export interface TracedRun {
  readonly learner: Learner;
  readonly plugins: readonly Plugin[];
  readonly steps: number;
  readonly seed?: number;
  /** Rate where no plugin sets one; default 0.01. */
  readonly learningRate?: number;
  /** Steps between checkpoints; default 3. */
  readonly every?: number;
  /** Steps between evaluations of all sets; default 4. */
  readonly evaluateEvery?: number;
  /** Default: in memory. */
  readonly store?: CheckpointStore;
  /** Index of the step after which the run is left. */
  readonly killAfter?: number;
  readonly signal?: AbortSignal;
  /** The run's directory, for plugins with files. */
  readonly directory?: string;
  readonly services?: (run: Services) => void;
}

/** What a run said and left. */
export interface Trace {
  /** One text for each step and evaluation, by kind and step, all numbers in full and no times. */
  readonly lines: readonly string[];
  readonly steps: readonly StepNews[];
  readonly tensors: Tensors;
}

const inOrder = (value: object): object => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A value as text: numbers in full, keys in order. */
export const exact = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => {
    if (typeof inner === 'number') return Object.is(inner, -0) ? '-0' : String(inner);
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inOrder(inner) : inner;
  });

/** Requests checkpoints and evaluations; saves nothing of its own. */
const requests = (every: number, evaluateEvery: number): Plugin => {
  const due = (index: number, period: number) => (index + 1) % period === 0;
  return {
    name: 'conformance-requests',
    setup: (run) => ({
      onStep: during('end', (step) => ({
        ...step,
        checkpoint: step.checkpoint || due(step.index, every),
        evaluate: due(step.index, evaluateEvery) ? [...step.evaluate, ...run.evaluationSets] : step.evaluate,
      })),
    }),
  };
};

const silent: Logger = { info: () => undefined, warn: () => undefined };

/** The trainer of a traced run, with its evaluations and checkpoints. */
export function tracedTrainer(run: TracedRun): Trainer {
  const { learner, steps, seed = 1, learningRate = 0.01, every = 3, evaluateEvery = 4, store = memoryStore(), signal, directory } = run;
  return createTrainer({
    learner,
    plugins: [...run.plugins, requests(every, evaluateEvery)],
    steps,
    seed,
    learningRate,
    store,
    resume: true,
    ...(signal ? { signal } : {}),
    ...(directory === undefined ? {} : { run: directory }),
    services: (services) => {
      services.register(Logger, { useFactory: () => silent });
      run.services?.(services);
    },
  });
}

/** Listens to a trainer; what it answers with grows while the trainer runs. */
export function tracing(trainer: Trainer): Omit<Trace, 'tensors'> {
  const lines: string[] = [];
  const steps: StepNews[] = [];
  trainer.on('evaluation', ({ seconds: _, ...news }) => void lines.push(`evaluation ${exact(news)}`));
  trainer.on('step', ({ seconds: _, ...news }) => void lines.push(`step ${exact(news)}`));
  trainer.on('step', (news) => void steps.push(news));
  return { lines, steps };
}

/** Runs to the end, or to `killAfter`. */
export async function tracedRun(run: TracedRun): Promise<Trace> {
  const trainer = tracedTrainer(run);
  const trace = tracing(trainer);
  for await (const { index } of trainer.events('step')) if (index === run.killAfter) break;
  return { ...trace, tensors: run.learner.save() };
}

/** The first tensor that differs in a bit, or that only one of the two has. */
export const differentTensor = (a: Tensors, b: Tensors): string | undefined =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].find((name) => {
    const [x, y] = [a[name]?.data, b[name]?.data];
    return x === undefined || y === undefined || x.length !== y.length || x.some((value, i) => !Object.is(value, y[i]));
  });

/** The first difference between two runs, in words. */
export function difference(expected: Trace, found: Trace): string | undefined {
  const at = expected.lines.findIndex((line, i) => line !== found.lines[i]);
  if (at >= 0) return `${found.lines[at] ?? 'nothing'} instead of ${expected.lines[at]}`;
  if (found.lines.length > expected.lines.length) return `${found.lines[expected.lines.length]} instead of nothing`;
  const tensor = differentTensor(expected.tensors, found.tensors);
  return tensor === undefined ? undefined : `tensor '${tensor}'`;
}

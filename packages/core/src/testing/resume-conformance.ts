import { HooklineError } from '../errors.js';
import { during } from '../hooks/during.js';
import type { Learner } from '../learner.js';
import { type MemoryStore, memoryStore } from '../memory-store.js';
import type { Plugin } from '../plugin.js';
import { createTrainer } from '../trainer.js';
import type { Awaitable, Tensors } from '../values.js';
import { residualMlp } from './residual-mlp.js';

export interface ResumeConformanceOptions {
  /** The plugins under test, made anew for each run, as a new process would. */
  readonly plugins: () => readonly Plugin[];
  /** A new learner, always the same; by default the Float64 learner with dropout, weight decay and Adam. */
  readonly learner?: () => Awaitable<Learner>;
  /** Length of the run; default 12. */
  readonly steps?: number;
  /** Steps between checkpoints; default 3. */
  readonly every?: number;
  /** Steps between evaluations of all sets; default 4. */
  readonly evaluateEvery?: number;
  /** Steps after which a run is killed, each in a run of its own; default: after every one. */
  readonly kills?: readonly number[];
  readonly seed?: number;
  /** Rate where no plugin sets one; default 0.01. */
  readonly learningRate?: number;
}

export interface ResumeConformanceReport {
  readonly steps: number;
  /** For each kill, the step that the resumed run began at. */
  readonly kills: readonly { readonly after: number; readonly resumedAt: number }[];
}

interface Trace {
  /** One text for each step and evaluation, by kind and step, all numbers in full. */
  readonly lines: readonly string[];
  readonly tensors: Tensors;
  readonly states: string;
}

const exact = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'number' ? (Object.is(inner, -0) ? '-0' : String(inner)) : inner));

/** Requests checkpoints and evaluations; saves nothing of its own. */
const requests = (every: number, evaluateEvery: number): Plugin => {
  const due = (index: number, period: number) => (index + 1) % period === 0;
  return {
    name: 'resume-conformance',
    setup: (run) => ({
      onStep: during('end', (step) => ({
        ...step,
        checkpoint: step.checkpoint || due(step.index, every),
        evaluate: due(step.index, evaluateEvery) ? [...step.evaluate, ...run.evaluationSets] : step.evaluate,
      })),
    }),
  };
};

async function trace(options: ResumeConformanceOptions, store: MemoryStore, killAfter?: number): Promise<Trace> {
  const { steps = 12, every = 3, evaluateEvery = 4, seed = 1, learningRate = 0.01 } = options;
  const learner = await (options.learner ?? (() => residualMlp({ dropout: 0.2 })))();
  try {
    const lines: string[] = [];
    const trainer = createTrainer({ learner, plugins: [...options.plugins(), requests(every, evaluateEvery)], steps, seed, learningRate, store, resume: true });
    trainer.on('evaluation', ({ seconds: _, ...news }) => void lines.push(`evaluation ${exact(news)}`));
    trainer.on('step', ({ seconds: _, ...news }) => void lines.push(`step ${exact(news)}`));
    for await (const { index } of trainer.events('step')) if (index === killAfter) break;
    return { lines, tensors: learner.save(), states: exact(store.saved.at(-1)?.plugins) };
  } finally {
    learner.dispose();
  }
}

const differentTensor = (a: Tensors, b: Tensors): string | undefined =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].find((name) => {
    const [x, y] = [a[name]?.data, b[name]?.data];
    return x === undefined || y === undefined || x.length !== y.length || x.some((value, i) => !Object.is(value, y[i]));
  });

const differs = (killed: number, what: string): HooklineError =>
  new HooklineError('HOOKLINE_RESUME', `killed after step ${killed} and resumed, the run differs from one that was not interrupted: ${what}`, {
    hint: 'state that affects training lives in the cell of setup(run, state), not in scan or a closure; draws are keyed: run.random',
  });

function compare(whole: Trace, resumed: Trace, killed: number, resumedAt: number): void {
  const rest = whole.lines.filter((line) => Number(/"(?:index|step)":"?(\d+)/.exec(line)![1]) >= (line.startsWith('step') ? resumedAt : resumedAt + 1));
  const at = rest.findIndex((line, i) => line !== resumed.lines[i]);
  if (at >= 0) throw differs(killed, `${resumed.lines[at] ?? 'nothing'} instead of ${rest[at]}`);
  const tensor = differentTensor(whole.tensors, resumed.tensors);
  if (tensor !== undefined) throw differs(killed, `tensor '${tensor}'`);
  if (whole.states !== resumed.states) throw differs(killed, `plugin states ${resumed.states} instead of ${whole.states}`);
}

/**
 * Proves that a run with these plugins, killed after any step and resumed from its last checkpoint, equals the uninterrupted run bit for
 * bit: news of steps and evaluations but for times, weights, optimizer state, slots, plugin states.
 * @throws HooklineError `HOOKLINE_RESUME` naming the first difference
 */
export async function resumeConformance(options: ResumeConformanceOptions): Promise<ResumeConformanceReport> {
  const { steps = 12 } = options;
  const whole = await trace(options, memoryStore());
  const kills: { after: number; resumedAt: number }[] = [];
  for (const after of options.kills ?? Array.from({ length: steps - 1 }, (_, i) => i)) {
    const store = memoryStore();
    await trace(options, store, after);
    const resumedAt = store.saved.at(-1)?.step ?? 0;
    compare(whole, await trace(options, store), after, resumedAt);
    kills.push({ after, resumedAt });
  }
  return { steps, kills };
}

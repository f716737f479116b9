import { HooklineError } from '../errors.js';
import type { Learner } from '../learner.js';
import { type MemoryStore, memoryStore } from '../memory-store.js';
import type { Plugin } from '../plugin.js';
import type { Services } from '../services.js';
import type { Awaitable } from '../values.js';
import { residualMlp } from './residual-mlp.js';
import { differentTensor, exact, type Trace, tracedRun } from './traced-run.js';

export interface ResumeConformanceOptions {
  /** The plugins under test, made anew for each run, as a new process would. */
  readonly plugins: () => readonly Plugin[];
  /** A new learner, always the same; by default the Float64 learner with dropout, weight decay and Adam. */
  readonly learner?: () => Awaitable<Learner>;
  /** Length of the run; default 12. */
  readonly steps?: number;
  /** Steps between checkpoints; default 1, so that a run is resumed at every step, and a state of any period shows. */
  readonly every?: number;
  /** Steps between evaluations of all sets; default 4. */
  readonly evaluateEvery?: number;
  /** Steps after which a run is killed, each in a run of its own; default: after every one. */
  readonly kills?: readonly number[];
  readonly seed?: number;
  /** Rate where no plugin sets one; default 0.01. */
  readonly learningRate?: number;
  /** The run's directory, for plugins with files; asked for by each run, and by the one that resumes it. */
  readonly directory?: () => string;
  /** Replaces or adds services of each run. */
  readonly services?: (run: Services) => void;
}

export interface ResumeConformanceReport {
  readonly steps: number;
  /** For each kill, the step that the resumed run began at. */
  readonly kills: readonly { readonly after: number; readonly resumedAt: number }[];
}

interface Resumed extends Trace {
  readonly states: string;
}

async function trace(options: ResumeConformanceOptions, store: MemoryStore, killAfter?: number): Promise<Resumed> {
  const { steps = 12, every = 1, plugins, services, directory, ...rest } = options;
  const learner = await (options.learner ?? (() => residualMlp({ dropout: 0.2 })))();
  try {
    const where = { ...(directory === undefined ? {} : { directory: directory() }), ...(services ? { services } : {}) };
    const run = { ...rest, ...where, every, learner, plugins: plugins(), steps, store };
    const done = await tracedRun(killAfter === undefined ? run : { ...run, killAfter });
    return { ...done, states: exact(store.saved.at(-1)?.plugins) };
  } finally {
    learner.dispose();
  }
}

const differs = (killed: number, what: string): HooklineError =>
  new HooklineError('HOOKLINE_RESUME', `killed after step ${killed} and resumed, the run differs from one that was not interrupted: ${what}`, {
    hint: 'state that affects training lives in the cell of setup(run, state), not in scan or a closure; draws are keyed: run.random',
  });

function compare(whole: Resumed, resumed: Resumed, killed: number, resumedAt: number): void {
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

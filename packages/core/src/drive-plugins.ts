import { isObservable, map } from 'rxjs';
import type { Border } from './block.js';
import { HooklineError } from './errors.js';
import type { StepBegin, StepEnd, StepEvent } from './events.js';
import type { BlockInfo } from './gates.js';
import type { Algebra, Gradients, Learner } from './learner.js';
import type { Hooks, Operator, Plugin } from './plugin.js';
import { startRun, trainingBlock } from './run.js';
import { planRun } from './run-plan.js';
import type { Services } from './services.js';
import { beginEvent, endEvent, gradientsEvent } from './step-events.js';
import type { Scalars } from './values.js';

export interface DriveOptions<T> {
  /** Who drives, as errors name it: `model.fit`. */
  readonly driver: string;
  readonly plugins: readonly Plugin<NoInfer<T>>[];
  readonly blocks: readonly BlockInfo[];
  readonly algebra: Algebra<T>;
  /** Optimizer steps of the whole run. */
  readonly total: number;
  /** By default `total`: one epoch. */
  readonly batchesPerEpoch?: number;
  /** Key of every draw; default 0. */
  readonly seed?: number;
  /** The rate that the driver's own optimizer uses; what plugins are told and may not change. */
  readonly learningRate?: number;
  /** Milliseconds that an asynchronous answer may take; default 60,000. */
  readonly hookTimeout?: number;
  readonly services?: (run: Services) => void;
}

/** Plugins in a loop that is not the trainer's. */
export interface DrivenPlugins<T> {
  /** The plan of the next step, counted from 0: its gates, as the trainer would execute them. */
  begin(): Promise<StepBegin>;
  /** The border of the blocks in a forward pass of the planned step. */
  block(): Border<T>;
  /** Tells the plugins of the planned step's end; answers with what they asked for. */
  end(outcome: { readonly losses: Scalars; readonly gradientNorm: number }): Promise<StepEnd>;
  /** Throws what a plugin did wrong after its last answer, if anything, and ends their pipelines. */
  close(): void;
}

/** What plugins may plan besides gates, and only a learner can do. The count in a bias correction is the business of whoever has the optimizer. */
const beyondGates = {
  learningRate: (plan: StepBegin, open: StepBegin) => plan.learningRate !== open.learningRate,
  rateScale: (plan: StepBegin, open: StepBegin) => plan.rateScale !== open.rateScale,
  recompute: (plan: StepBegin, open: StepBegin) => plan.recompute !== open.recompute,
  dropped: (plan: StepBegin, open: StepBegin) => plan.dropped !== open.dropped,
} as const;

/**
 * Runs plugins that plan gates outside the trainer, by the trainer's own rules: their order, exactly one valid answer for each event, gates that only
 * close, keyed draws. What they ask for and the driver cannot do (gradients, weights, another rate, an evaluation) is refused by name, never ignored.
 * @throws HooklineError `HOOKLINE_DRIVEN` for what only the trainer can do; what `createTrainer` and its run throw
 */
export async function drivePlugins<T>(options: DriveOptions<T>): Promise<DrivenPlugins<T>> {
  const { driver, plugins, total, seed, learningRate = 0, hookTimeout, services } = options;
  const refused: Refused = (what, by) =>
    new HooklineError('HOOKLINE_DRIVEN', `${by === undefined ? 'a plugin' : `plugin '${by}'`} ${what}, which ${driver} cannot do`, {
      hint: 'train with createTrainer, where every plugin works',
    });
  const { learner, gradients, replay } = standIns(options, refused);
  /** Who changed a field of an event last. */
  const changedBy = new Map<string, string>();
  const plan = planRun<never, T>({
    learner,
    plugins: plugins.map((plugin) => watched(plugin, changedBy, refused)),
    steps: total,
    learningRate,
    ...(seed === undefined ? {} : { seed }),
    ...(hookTimeout === undefined ? {} : { hookTimeout }),
    ...(services === undefined ? {} : { services }),
  });
  if (plan.accumulation > 1) throw refused('accumulates gradients', plugins.find(({ accumulation = 1 }) => accumulation > 1)?.name);
  const run = await startRun(plan);
  const { hooks, progress } = run;
  let begun: StepBegin | undefined;
  const planned = (): StepBegin => {
    if (begun) return begun;
    throw new HooklineError('HOOKLINE_DRIVEN', `${driver} has no step in progress`, { hint: 'begin() comes before block() and end()' });
  };

  return {
    async begin() {
      if (progress.step >= total) {
        throw new HooklineError('HOOKLINE_DRIVEN', `${driver} goes on after its ${total} steps`, { hint: 'give the number of steps it takes' });
      }
      const open = beginEvent(run);
      const answer = await hooks.step(open);
      for (const [what, changed] of Object.entries(beyondGates)) if (changed(answer, open)) throw refused(`sets '${what}'`, changedBy.get(what));
      begun = answer;
      return answer;
    },
    block: () => trainingBlock(run, planned(), 0),
    async end(outcome) {
      const ready = await hooks.step(gradientsEvent<T>(planned(), gradients, replay));
      if (ready.skipUpdate) throw refused('skips an update', changedBy.get('skipUpdate'));
      if (ready.gradients !== gradients || ready.learningRate !== planned().learningRate) throw refused('changes an update');
      const end = await hooks.step(endEvent(ready, outcome));
      begun = undefined;
      progress.step += 1;
      progress.position += 1;
      if (end.checkpoint) throw refused('asks for a checkpoint', changedBy.get('checkpoint'));
      if (end.evaluate.length > 0) throw refused('asks for an evaluation', changedBy.get('evaluate'));
      return end;
    },
    close() {
      try {
        hooks.verify();
      } finally {
        hooks.close();
        plan.news.tell('end', { steps: progress.step, stopped: progress.step === total ? undefined : 'left' });
        plan.news.close();
      }
    },
  };
}

type Refused = (what: string, by?: string) => HooklineError;

/** The operator, noting which fields of an event it changes. */
function noting<T>(operator: Operator<StepEvent<T>>, note: (field: string) => void): Operator<StepEvent<T>> {
  let asked: StepEvent<T> | undefined;
  const ask = map((event: StepEvent<T>) => {
    asked = event;
    return event;
  });
  const answer = map((event: StepEvent<T>) => {
    if (event !== asked) for (const [field, value] of Object.entries(event ?? {})) if (value !== asked?.[field as keyof StepEvent<T>]) note(field);
    return event;
  });
  const noted: Operator<StepEvent<T>> = (events) => {
    const answers = operator(events.pipe(ask));
    return isObservable(answers) ? answers.pipe(answer) : answers;
  };
  return Object.assign(noted, operator); // its marks too
}

/** The plugin, noting what it changes in a step. One that answers to evaluations is refused: the driver's own would not ask it. */
function watched<T>(plugin: Plugin<T>, changedBy: Map<string, string>, refused: Refused): Plugin<T> {
  const hooked = <H extends Hooks<T>>(hooks: H): H => {
    if (typeof hooks !== 'object' || hooks === null) return hooks;
    if (hooks.onEval) throw refused('answers to evaluations', plugin.name);
    if (typeof hooks.onStep !== 'function') return hooks;
    return { ...hooks, onStep: noting(hooks.onStep, (field) => void changedBy.set(field, plugin.name)) };
  };
  const direct = hooked(plugin);
  const setup = direct?.setup;
  return typeof setup === 'function' ? { ...direct, setup: (run, state) => hooked(setup.call(plugin, run, state)) } : direct;
}

/** A learner and gradients that plugins may be told of and not use. */
function standIns<T>({ driver, blocks, algebra, total, batchesPerEpoch = total }: DriveOptions<T>, refused: Refused) {
  const never = (what: string) => (): never => {
    throw refused(what); // inside a hook, whose plugin the error names
  };
  const weights = {
    names: [],
    norms: never('reads weights'),
    copy: never('keeps weights'),
    lerp: never('averages weights'),
    restore: never('restores weights'),
    remove: () => undefined,
    has: () => false,
  };
  const training = never('trains');
  const learner: Learner<never, T> = {
    blocks,
    algebra,
    weights,
    data: { batchesPerEpoch, batch: training, counts: training },
    evaluationSets: [`${driver}'s own`], // so that who asks for all sets asks for one
    gradients: training,
    update: training,
    evaluate: training,
    save: training,
    load: training,
    dispose: training,
  };
  const reads = never('reads gradients');
  const changes = never('changes gradients');
  const gradients: Gradients<T> = {
    names: [],
    losses: reads,
    norm: reads,
    values: reads,
    clipNorm: changes,
    clipValue: changes,
    scale: changes,
    map: changes,
    replace: changes,
  };
  return { learner, gradients, replay: never('replays a step') };
}

import { takeBatches } from './batches.js';
import { HooklineError } from './errors.js';
import { createIdle } from './idle.js';
import { passes, replayed } from './passes.js';
import { serveRequests } from './requests.js';
import { startRun } from './run.js';
import { planRun } from './run-plan.js';
import { beginEvent, checkFinite, endEvent, gradientsEvent, stepNews, updatePlan } from './step-events.js';
import type { News, RunResult, Trainer, TrainerOptions } from './trainer-types.js';

/**
 * A run to be: nothing starts before `run()` or the first turn of a loop over `events()`. A trainer runs once.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_PLUGIN_…` for what can be known to be wrong at once
 */
export function createTrainer<B, T>(options: TrainerOptions<B, T>): Trainer {
  const plan = planRun(options);
  const { learner, plugins, accumulation, total, news, clock } = plan;
  let started = false;

  /** The whole run. Each yield is the end of a step with all that was asked for in it: a caller that leaves, leaves there. */
  async function* loop(): AsyncGenerator<void, RunResult, void> {
    if (started) throw new HooklineError('HOOKLINE_RUN_TWICE', 'this trainer has run already', { hint: 'create another; to listen to a run, use on()' });
    started = true;
    const run = await startRun(plan);
    const { hooks, progress } = run;
    const idle = createIdle();
    let ending: string | undefined = 'left';
    if (options.signal?.aborted) progress.stopped = 'aborted';
    try {
      while (progress.step < total && progress.stopped === undefined) {
        const startedAt = clock.seconds();

        progress.inStep = true;
        const begin = await hooks.step(beginEvent(run));

        const readAt = clock.seconds();
        const taken = await takeBatches(learner.data, progress.position, accumulation);
        news.tell('batches', { index: begin.index, seconds: clock.seconds() - readAt });
        const gradients = passes(run, begin, taken);

        const ready = await hooks.step(gradientsEvent<T>(begin, gradients, replayed(run, begin, taken)));

        const outcome = await learner.update(ready.gradients, updatePlan(begin, ready));
        checkFinite(outcome, ready);
        progress.inStep = false;
        progress.step += 1;
        progress.position += taken.batches.length;

        const end = await hooks.step(endEvent(ready, outcome));

        progress.last = stepNews(end, clock.seconds() - startedAt);
        news.tell('step', progress.last);
        await idle(); // timers, signals and pages stay alive on synchronous engines
        progress.stopped = await serveRequests(run, end);
        yield;
      }
      hooks.verify();
      ending = progress.stopped;
      return { steps: progress.step, stopped: progress.stopped, last: progress.last, metrics: progress.metrics };
    } catch (error) {
      ending = 'failed';
      throw error;
    } finally {
      hooks.close();
      news.tell('end', { steps: progress.step, stopped: ending });
      news.close();
    }
  }

  return {
    total,
    plan: () => plugins.map((plugin) => plugin.name),
    async run() {
      const steps = loop();
      for (;;) {
        const turn = await steps.next();
        if (turn.done) return turn.value;
      }
    },
    async *events(kind) {
      const heard: News[typeof kind][] = [];
      news.on(kind, (one) => void heard.push(one));
      for await (const _ of loop()) yield* heard.splice(0);
      yield* heard; // the end
    },
    on: news.on,
  };
}

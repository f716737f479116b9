import { saveCheckpoint } from './checkpointing.js';
import type { EvalEnd, StepEnd } from './events.js';
import { evaluationBlock, type Run } from './run.js';
import { Logger } from './services.js';

type Requests = Pick<StepEnd, 'checkpoint' | 'stop'>;

/** Evaluates one set under a gate plan of its own and lets plugins see it; they may add to the requests. */
async function evaluate<T>(run: Run<any, T>, set: string, { checkpoint, stop }: Requests): Promise<EvalEnd> {
  const { plan, hooks, open, progress } = run;
  const { step } = progress;
  const started = plan.clock.seconds();
  const begin = await hooks.evaluation({ phase: 'evalBegin', step, set, gates: open, weights: undefined });
  const metrics = Object.freeze({ ...(await plan.learner.evaluate(set, evaluationBlock(run, step, begin.gates), begin.weights)) });
  const end = await hooks.evaluation({ phase: 'evalEnd', step, set, gates: begin.gates, metrics, checkpoint, stop });
  progress.metrics[set] = end.metrics;
  plan.news.tell('evaluation', { step, set, metrics: end.metrics, seconds: plan.clock.seconds() - started });
  return end;
}

/**
 * Serves what plugins asked for at the end of a step: evaluate, then checkpoint, then stop. The last step of a run is
 * checkpointed in any case, where there is a store, also where one of its evaluations fails. Answers with the reason to stop, if there is one.
 */
export async function serveRequests(run: Run<any, any>, end: StepEnd): Promise<string | undefined> {
  const { plan, progress, store } = run;
  let requests: Requests = end;
  try {
    for (const set of new Set(end.evaluate)) requests = await evaluate(run, set, requests);
  } catch (error) {
    const last = requests.stop !== undefined || progress.step === plan.total;
    if (store && last) await saveCheckpoint(run, store, requests.stop).catch(() => undefined); // the evaluation's error is the one to tell
    throw error;
  }
  const stop = requests.stop ?? (plan.options.signal?.aborted ? 'aborted' : undefined);
  const last = stop !== undefined || progress.step === plan.total;
  if (store && (requests.checkpoint || last)) await saveCheckpoint(run, store, requests.stop);
  if (!store && requests.checkpoint) warnOfNoStore(run);
  return stop;
}

const warned = new WeakSet<Run<any, any>>();

function warnOfNoStore(run: Run<any, any>): void {
  if (!warned.has(run))
    run.plan.services.resolve(Logger).warn("a plugin asked for a checkpoint, and there is nowhere to put it; give createTrainer run: 'directory', or a store");
  warned.add(run);
}

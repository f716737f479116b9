import { HooklineError } from './errors.js';
import type { Run } from './run.js';
import type { RunPlan } from './run-plan.js';
import { Logger, RunStorage } from './services.js';
import type { Checkpoint, CheckpointStore } from './trainer-types.js';
import type { Tensors } from './values.js';

/** The store of a run: the one given, or the one in the run's directory. */
export async function openStore({ options: { store, run }, services }: RunPlan<any, any>): Promise<CheckpointStore | undefined> {
  if (store || run === undefined) return store;
  return services.resolve(RunStorage).open(run, (message) => services.resolve(Logger).warn(message));
}

/** What a resume must find unchanged: all that decides which draws, batches and states belong to a step. */
export function configOf({ seed, total, accumulation, learner, plugins }: RunPlan<any, any>): Checkpoint['config'] {
  return {
    seed,
    total,
    accumulation,
    batchesPerEpoch: learner.data.batchesPerEpoch,
    blocks: learner.blocks.map((block) => block.name),
    plugins: plugins
      .filter((plugin) => plugin.state !== undefined)
      .map((plugin) => plugin.name)
      .sort(),
  };
}

function checkConfig(saved: Checkpoint['config'], now: Checkpoint['config']): void {
  const differences = Object.keys(now)
    .filter((key) => JSON.stringify(saved[key]) !== JSON.stringify(now[key]))
    .map((key) => `${key} was ${JSON.stringify(saved[key])} and is ${JSON.stringify(now[key])}`);
  if (differences.length === 0) return;
  throw new HooklineError('HOOKLINE_CHECKPOINT_CONFIG', `the checkpoint belongs to a run of another configuration: ${differences.join('; ')}`, {
    hint: 'resume with the settings it was written with, or start a new run',
  });
}

/**
 * The checkpoint to go on from, by the rules of the option `resume`; undefined for a start from the beginning.
 * @throws HooklineError `HOOKLINE_RUN_EXISTS`, `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_CONFIG`
 */
export async function resumePoint(plan: RunPlan<any, any>, store: CheckpointStore | undefined): Promise<Checkpoint | undefined> {
  const { resume = false, run } = plan.options;
  const name = typeof resume === 'string' ? resume : undefined;
  const found = await store?.load(name);
  const where = run === undefined ? 'the store' : `'${run}'`;
  if (name !== undefined && !found) throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `there is no checkpoint '${name}' in ${where}`);
  if (!found) return undefined;
  if (resume === false) {
    throw new HooklineError('HOOKLINE_RUN_EXISTS', `${where} holds a checkpoint of step ${found.step} already`, {
      hint: 'resume it (resume: true), or start elsewhere',
    });
  }
  checkConfig(found.config, configOf(plan));
  return found;
}

/** A tensor that holds NaN or an infinity. */
function brokenTensor(tensors: Tensors): string | undefined {
  return Object.keys(tensors).find((name) => {
    const { data } = tensors[name]!;
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return true;
    return false;
  });
}

/**
 * Saves what a resumed run needs, and tells so. Broken weights are not saved: the earlier checkpoints stay the newest. A run that a plugin ends is warned of it;
 * one that would go on ends here.
 * @param stopped why a plugin ends the run with this checkpoint: a resumed run then ends at once
 * @throws HooklineError `HOOKLINE_NOT_FINITE`, before anything is written
 */
export async function saveCheckpoint<B, T>(run: Run<B, T>, store: CheckpointStore, stopped?: string): Promise<void> {
  const { progress, plan, cells } = run;
  const { step, position } = progress;
  const tensors = plan.learner.save();
  const broken = brokenTensor(tensors);
  if (broken !== undefined) {
    const what = `after step ${step - 1}, tensor '${broken}' holds a number that is not finite; no checkpoint is written`;
    if (stopped === undefined) throw new HooklineError('HOOKLINE_NOT_FINITE', what, { hint: 'lower the learning rate, or clip the gradients' });
    plan.services.resolve(Logger).warn(what);
    return;
  }
  const { retention } = plan;
  await store.save({
    step,
    position,
    tensors,
    plugins: cells.save(),
    config: configOf(plan),
    metrics: { ...progress.metrics },
    ...(retention ? { retention } : {}),
    ...(stopped === undefined ? {} : { stopped }),
  });
  plan.news.tell('checkpoint', { step });
}

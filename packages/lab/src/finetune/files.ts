import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeRunModel } from '@hookline/bert/node';
import { given, HooklineError, type Monitor, parseOptions } from '@hookline/core';
import { bestCheckpoint, readMetrics } from '@hookline/core/node';
import { describeTask, type FineTuningLearner, labelsOf, metricNames, type PretrainedModel, type TextTask } from '@hookline/glue';
import * as z from 'zod';
import { evaluationGains } from '../pretrain/evaluation-gains.js';
import { runFiles, savedCheckpoints, seedFolders } from '../pretrain/files.js';
import { type FinetuneConfig, finetuneConfig } from './config.js';

const taskFile = (directory: string): string => join(directory, 'task.json');

const taskSchema = z.strictObject({
  name: z.string(),
  texts: z.union([z.literal(1), z.literal(2)]),
  target: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('classes'), labels: z.array(z.string()).min(2) }),
    z.strictObject({ kind: z.literal('number'), range: z.tuple([z.number(), z.number()]).exactOptional() }),
  ]),
  metrics: z.array(z.enum(metricNames)).min(1),
});

/** A task without what only GLUE's have. */
const plainTask = ({ name, texts, target, metrics }: TextTask): TextTask => ({ name, texts, target, metrics });

/** Writes what a run needs to be replayed and its model to be used: `config.json`, `task.json`, `model.json` and the tokenizer. */
export function writeFinetuneRun(directory: string, config: FinetuneConfig, learner: FineTuningLearner, { tokenizer }: PretrainedModel): void {
  const { task } = learner;
  const labels = labelsOf(task.target);
  writeRunModel(directory, {
    config: learner.config,
    tokenizer,
    head: 'classifier',
    labels,
    ...given({ evaluationGains: evaluationGains(config, learner.config) }),
  });
  writeFileSync(taskFile(directory), `${JSON.stringify(plainTask(task), undefined, 2)}\n`);
  writeFileSync(runFiles(directory).config, `${JSON.stringify(config, undefined, 2)}\n`);
}

/** @throws HooklineError `HOOKLINE_RUN` where the file is missing, no JSON, or not by the schema */
export function readJson<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new HooklineError('HOOKLINE_RUN', `cannot read ${path}`, { hint: 'give the directory of a run of `finetune`', cause });
  }
  return parseOptions(path, schema, value, 'HOOKLINE_RUN');
}

/** A fine-tuned model's run. */
export interface FinetuneRun {
  readonly directory: string;
  readonly config: FinetuneConfig;
  readonly task: TextTask;
}

/** Whether `finetune` wrote what is in a directory. */
export const isFinetuneRun = (directory: string): boolean => existsSync(taskFile(directory));

/** @throws HooklineError `HOOKLINE_RUN` where there is none */
export const readFinetuneRun = (directory: string): FinetuneRun => ({
  directory,
  config: readJson(runFiles(directory).config, finetuneConfig),
  task: readJson(taskFile(directory), taskSchema) as TextTask,
});

/** Whether a run has saved anything to go on from. */
export const hasCheckpoint = (directory: string): boolean => savedCheckpoints(directory).length > 0;

/** @throws HooklineError `HOOKLINE_RUN` where a run's data has become that of another task: its classes, say, have other names or another order */
export function requireSameTask(directory: string, task: TextTask): void {
  const [before, now] = [readFinetuneRun(directory).task, plainTask(task)];
  if (isDeepStrictEqual(before, now)) return;
  throw new HooklineError('HOOKLINE_RUN', `'${directory}' was begun on ${describeTask(before)}, and its data is now ${describeTask(now)}`, {
    hint: 'bring the data back as it was, or begin a new run',
  });
}

/**
 * The runs of a directory that `finetune` wrote: itself, or one for each seed.
 * @throws HooklineError `HOOKLINE_RUN` where there is none
 */
export function finetuneRuns(directory: string): readonly FinetuneRun[] {
  if (isFinetuneRun(directory)) return [readFinetuneRun(directory)];
  const seeds = seedFolders(directory, isFinetuneRun);
  if (seeds.length > 0) return seeds.map(readFinetuneRun);
  const what = existsSync(directory) ? `'${directory}' holds no run of finetune (no task.json)` : `there is no '${directory}'`;
  throw new HooklineError('HOOKLINE_RUN', what, { hint: 'give the directory that was given to finetune as --run' });
}

/** What was measured on a set in a run, in order. */
export async function scoresOf(directory: string, set: string): Promise<readonly { readonly step: number; readonly score: number }[]> {
  const lines = await readMetrics(runFiles(directory).metrics);
  return lines.flatMap((line) => (line.event === 'evaluation' && line.set === set ? [{ step: line.step, score: line.metrics['score'] ?? Number.NaN }] : []));
}

/** What chooses the best checkpoint of a run: the score on this set. */
export const bestBy = (set: string): Monitor => ({ set, metric: 'score', mode: 'max' });

/** The checkpoint of a run, as `readPretrained` takes it: its last, or the best by score on a set. */
export async function checkpointPath(directory: string, best: boolean, set: string): Promise<string> {
  const { checkpoints } = runFiles(directory);
  const name = best ? await bestCheckpoint(checkpoints, bestBy(set)) : undefined;
  return name === undefined ? directory : join(checkpoints, name);
}

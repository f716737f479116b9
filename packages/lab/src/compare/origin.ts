import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MetricsLine } from '@hookline/core/node';
import type { TextTask } from '@hookline/glue';
import type { FinetuneConfig } from '../finetune/config.js';
import { isFinetuneRun, readFinetuneRun } from '../finetune/files.js';
import type { CompleteConfig } from '../pretrain/config.js';
import { readRunConfig, runFiles, runPath, seedFolders } from '../pretrain/files.js';
import { methodOf } from '../pretrain/plugins.js';
import { recordedPretraining } from '../pretrain/recorded.js';
import { type Recording, recordingOf } from '../recording/recording.js';

/** What wrote a run: one of hookline's commands, with its configuration, or a program of the user's own, of which there is a metrics file alone. */
export type RunOrigin =
  | { readonly kind: 'pretraining'; readonly config: CompleteConfig }
  | { readonly kind: 'fine-tuning'; readonly config: FinetuneConfig; readonly task: TextTask }
  | { readonly kind: 'own' };

/** The name of what a pre-training run trained, e.g. `PreLN + progressive layer dropping`. */
export function kindOf({ model, ...config }: CompleteConfig): string {
  const method = methodOf(config);
  return `${model.norm === 'post' ? 'PostLN' : 'PreLN'}${method ? ` + ${method.name}` : ''}`;
}

/** The name of what a run trained. */
export function nameOf(origin: RunOrigin): string {
  if (origin.kind === 'own') return 'own program';
  if (origin.kind === 'pretraining') return kindOf(origin.config);
  const method = methodOf(origin.config);
  return `fine-tuned on ${origin.task.name}${method ? ` + ${method.name}` : ''}`;
}

/**
 * The runs that a path stands for: itself, the run of a checkpoint, or one for each seed where it holds a folder for each.
 * @throws HooklineError `HOOKLINE_RUN` where there is none
 */
export function runsIn(path: string): readonly string[] {
  const directory = resolve(path);
  const isRun = (one: string): boolean => existsSync(runFiles(one).config) || existsSync(runFiles(one).metrics);
  if (isRun(directory)) return [directory];
  const seeds = seedFolders(directory, isRun);
  return seeds.length > 0 ? seeds : [runPath(path).directory];
}

/** @throws HooklineError `HOOKLINE_RUN` where the configuration cannot be read */
export function originOf(directory: string): RunOrigin {
  if (!existsSync(runFiles(directory).config)) return { kind: 'own' };
  if (isFinetuneRun(directory)) return { kind: 'fine-tuning', ...readFinetuneRun(directory) };
  return { kind: 'pretraining', config: readRunConfig(directory) };
}

/** What a run recorded. Its held-out loss is that of the set which was evaluated first, where its origin does not name the set. */
export function recordedBy(origin: RunOrigin, lines: readonly MetricsLine[]): Recording {
  if (origin.kind === 'pretraining') return recordedPretraining(origin.config, lines);
  const set = firstSet(lines);
  return recordingOf(lines, { metric: 'loss', ...(set === undefined ? {} : { set }) });
}

const firstSet = (lines: readonly MetricsLine[]): string | undefined => lines.find((line) => line.event === 'evaluation')?.set;

/** The task's score of a fine-tuned run at its latest evaluation, on the set that was evaluated first. */
export function scoreOf({ kind }: RunOrigin, lines: readonly MetricsLine[]): number | undefined {
  if (kind !== 'fine-tuning') return undefined;
  const set = firstSet(lines);
  const last = lines.findLast((line) => line.event === 'evaluation' && line.set === set);
  return last?.event === 'evaluation' ? last.metrics['score'] : undefined;
}

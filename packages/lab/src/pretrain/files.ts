import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { BertConfig, Tokenizer } from '@hookline/bert';
import { runModelFiles, writeRunModel } from '@hookline/bert/node';
import { given, HooklineError, parseOptions } from '@hookline/core';
import { requireDirectoryPlace } from '../places.js';
import { type CompleteConfig, pretrainConfig } from './config.js';
import { evaluationGains } from './evaluation-gains.js';

/** Where the parts of a run lie. */
export const runFiles = (directory: string) => ({
  config: join(directory, 'config.json'),
  ...runModelFiles(directory),
  metrics: join(directory, 'metrics.jsonl'),
  report: join(directory, 'report.html'),
  trace: join(directory, 'trace.json'),
});

/** A run directory, and the checkpoint in it that a path named, if it named one. */
export interface RunPath {
  readonly directory: string;
  readonly checkpoint: string | undefined;
}

/**
 * Takes `RUN` and `RUN/checkpoints/step-…` apart.
 * @param own whether a run of the user's own program will do: one without a configuration
 * @throws HooklineError `HOOKLINE_RUN` where no run is
 */
export function runPath(path: string, { own = false }: { readonly own?: boolean } = {}): RunPath {
  const full = resolve(path);
  const named = basename(dirname(full)) === 'checkpoints';
  const directory = named ? dirname(dirname(full)) : full;
  const { config, metrics, checkpoints } = runFiles(directory);
  if (![config, ...(own ? [metrics, checkpoints] : [])].some((file) => existsSync(file))) {
    const what = existsSync(full) ? `'${path}' holds no run (no config.json)` : `there is no '${path}'`;
    throw new HooklineError('HOOKLINE_RUN', what, { hint: 'give the directory of a run, or a checkpoint in its checkpoints folder' });
  }
  if (named && !existsSync(full))
    throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `there is no checkpoint '${path}'`, { hint: `look into ${join(directory, 'checkpoints')}` });
  return { directory, checkpoint: named ? basename(full) : undefined };
}

/** Names of a run's checkpoints, the earliest first. */
export function savedCheckpoints(directory: string): readonly string[] {
  const { checkpoints } = runFiles(directory);
  return existsSync(checkpoints)
    ? readdirSync(checkpoints)
        .filter((name) => name.startsWith('step-'))
        .sort()
    : [];
}

/** Folders `seed-N` of a directory that hold a run, in the order of their seeds. */
export function seedFolders(directory: string, isRun: (folder: string) => boolean): readonly string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => /^seed-\d+$/.test(name));
  return names
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((name) => join(directory, name))
    .filter(isRun);
}

/**
 * Refuses a directory that holds anything, or that cannot be made.
 * @throws HooklineError `HOOKLINE_RUN_EXISTS`, `HOOKLINE_WRITE`, `HOOKLINE_PERMISSION`
 */
export function requireFresh(directory: string): void {
  requireDirectoryPlace(directory);
  if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  throw new HooklineError('HOOKLINE_RUN_EXISTS', `the run directory '${directory}' is not empty`, {
    hint: `choose another --run, or go on with --resume ${directory}`,
  });
}

/** Writes what a run needs to be replayed and its model to be used: `config.json`, `model.json` and the tokenizer. */
export function writeRun(directory: string, config: CompleteConfig, model: BertConfig, tokenizer: Tokenizer): void {
  mkdirSync(directory, { recursive: true });
  const head = config.objective.includes('nsp') && model.norm === 'post' ? 'pretraining' : 'mlm';
  writeRunModel(directory, { config: model, tokenizer, head, ...given({ evaluationGains: evaluationGains(config, model) }) });
  writeFileSync(runFiles(directory).config, `${JSON.stringify(config, undefined, 2)}\n`);
}

/** @throws HooklineError `HOOKLINE_RUN` where the file is missing or none of a run */
export function readRunConfig(directory: string): CompleteConfig {
  const path = runFiles(directory).config;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new HooklineError('HOOKLINE_RUN', `cannot read ${path}`, { hint: 'it is written when a run begins; give the directory of a run', cause });
  }
  const config = parseOptions(path, pretrainConfig, value, 'HOOKLINE_RUN');
  if (config.steps === undefined) throw new HooklineError('HOOKLINE_RUN', `${path} says no number of steps`, { hint: 'give the directory of a run' });
  return config as CompleteConfig;
}

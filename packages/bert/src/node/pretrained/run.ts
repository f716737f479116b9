import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Checkpoint, HooklineError } from '@hookline/core';
import { fileStore, readCheckpoint } from '@hookline/core/node';
import type { BertConfig } from '../../model/config.js';
import { fromHubConfig, type HubHead, type Labels, toHubConfig } from '../../model/hub-config.js';
import type { Tokenizer } from '../../tokenizer/wordpiece.js';
import { readTokenizer, saveTokenizer } from '../read-tokenizer.js';
import { readJson } from './folder.js';

/** What a run's directory holds of its model: `model.json` as Hugging Face's `config.json`, its tokenizer's files, checkpoints. */
export const runModelFiles = (directory: string) => ({
  model: join(directory, 'model.json'),
  tokenizer: join(directory, 'tokenizer'),
  checkpoints: join(directory, 'checkpoints'),
});

export interface RunModel {
  readonly config: BertConfig;
  readonly tokenizer: Tokenizer;
  /** What the model predicts; default `mlm`. */
  readonly head?: HubHead;
  readonly labels?: Labels;
}

/** Writes into a run's directory what `readPretrained` needs beside its checkpoints: `model.json` and `tokenizer/`. */
export function writeRunModel(directory: string, { config, tokenizer, head = 'mlm', labels }: RunModel): void {
  mkdirSync(directory, { recursive: true });
  const files = runModelFiles(directory);
  saveTokenizer(tokenizer, files.tokenizer);
  writeFileSync(files.model, `${JSON.stringify(toHubConfig(config, { head, padTokenId: tokenizer.padTokenId, labels }), undefined, 2)}\n`);
}

/**
 * Configuration, tokenizer and labels of a run's model, without its weights.
 * @throws HooklineError `HOOKLINE_RUN` where the directory says nothing of its model, `HOOKLINE_BERT_CONFIG`, `HOOKLINE_VOCABULARY`
 */
export async function readRunModel(directory: string): Promise<RunModel> {
  const { model, tokenizer } = runModelFiles(directory);
  if (!existsSync(model)) {
    throw new HooklineError('HOOKLINE_RUN', `'${directory}' has no model.json`, { hint: 'it is written when a run begins; give the directory of a run' });
  }
  const { config, labels } = fromHubConfig(await readJson(model), model);
  return { config, tokenizer: readTokenizer(tokenizer), ...(labels ? { labels } : {}) };
}

/** The run that a path is in: `RUN`, or `RUN/checkpoints/step-…`; undefined where it is neither. */
export function findRun(path: string): { readonly directory: string; readonly checkpoint: string | undefined } | undefined {
  const full = resolve(path);
  const named = basename(dirname(full)) === 'checkpoints';
  const directory = named ? dirname(dirname(full)) : full;
  return existsSync(runModelFiles(directory).model) ? { directory, checkpoint: named ? full : undefined } : undefined;
}

/** The checkpoint that was named, or the latest valid one of a run. */
export async function openRunCheckpoint(directory: string, named: string | undefined, onWarning: (message: string) => void): Promise<Checkpoint> {
  if (named !== undefined) return readCheckpoint(named);
  const latest = await fileStore(runModelFiles(directory).checkpoints, { onWarning }).load();
  if (latest) return latest;
  throw new HooklineError('HOOKLINE_CHECKPOINT_MISSING', `'${directory}' has no valid checkpoint`, { hint: 'train it further, or name another run' });
}

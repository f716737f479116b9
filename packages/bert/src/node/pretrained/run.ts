import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Checkpoint, HooklineError, parseOptions } from '@hookline/core';
import { fileStore, readCheckpoint } from '@hookline/core/node';
import * as z from 'zod';
import type { BertConfig } from '../../model/config.js';
import type { EvaluationGains } from '../../model/fold-gains.js';
import { fromHubConfig, type HubConfig, type HubHead, type Labels, toHubConfig } from '../../model/hub-config.js';
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
  /** Where the run evaluates its model under gains of its branches: whoever reads the model finds them inside the weights. */
  readonly evaluationGains?: EvaluationGains;
}

/** What `model.json` says beside Hugging Face's keys. */
const ownKeys = z.object({ evaluation_gains: z.array(z.strictObject({ attention: z.number(), ffn: z.number() })).optional() });

/** Writes into a run's directory what `readPretrained` needs beside its checkpoints: `model.json` and `tokenizer/`. */
export function writeRunModel(directory: string, { config, tokenizer, head = 'mlm', labels, evaluationGains }: RunModel): void {
  mkdirSync(directory, { recursive: true });
  const files = runModelFiles(directory);
  saveTokenizer(tokenizer, files.tokenizer);
  const own: z.input<typeof ownKeys> = evaluationGains ? { evaluation_gains: [...evaluationGains] } : {};
  writeFileSync(files.model, `${JSON.stringify({ ...toHubConfig(config, { head, padTokenId: tokenizer.padTokenId, labels }), ...own }, undefined, 2)}\n`);
}

/** A run's `model.json`. @throws HooklineError `HOOKLINE_PRETRAINED`, `HOOKLINE_BERT_CONFIG` */
export async function readModelFile(path: string): Promise<{ readonly hub: HubConfig; readonly evaluationGains: EvaluationGains | undefined }> {
  const json = await readJson(path);
  const hub = fromHubConfig(json, path);
  const { evaluation_gains: evaluationGains } = parseOptions(path, ownKeys, json, 'HOOKLINE_BERT_CONFIG');
  return { hub, evaluationGains };
}

/**
 * Configuration, tokenizer, labels and evaluation gains of a run's model, without its weights.
 * @throws HooklineError `HOOKLINE_RUN` where the directory says nothing of its model, `HOOKLINE_BERT_CONFIG`, `HOOKLINE_VOCABULARY`
 */
export async function readRunModel(directory: string): Promise<RunModel> {
  const { model, tokenizer } = runModelFiles(directory);
  if (!existsSync(model)) {
    throw new HooklineError('HOOKLINE_RUN', `'${directory}' has no model.json`, { hint: 'it is written when a run begins; give the directory of a run' });
  }
  const { hub, evaluationGains } = await readModelFile(model);
  const { config, labels } = hub;
  return { config, tokenizer: readTokenizer(tokenizer), ...(labels ? { labels } : {}), ...(evaluationGains ? { evaluationGains } : {}) };
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

import { createHash } from 'node:crypto';
import type { Example } from '@hookline/glue';
import type { FineTuningSets } from '@hookline/glue/node';
import type { FinetuneConfig } from '../finetune/config.js';
import { loadSets } from '../finetune/data.js';
import { readEvaluated } from '../inspect/read-evaluated.js';

/**
 * SHA-256 of the model that a fine-tuning begins with: its configuration, its numbers and its tokenizer, by whichever files they come from. What is made anew,
 * by a run's own seed, is no part of it.
 * @throws HooklineError as `readPretrained`
 */
export async function checkpointDigest({ checkpoint, allow }: Pick<FinetuneConfig, 'checkpoint' | 'allow'>): Promise<string> {
  const { config, tensors, created, tokenizer } = await readEvaluated(checkpoint, { heads: { mlm: 'drop', nsp: 'drop' }, allow });
  const { norm, numAttentionHeads, hiddenAct, layerNormEps } = config; // the other sizes are in the shapes
  const hash = createHash('sha256').update(JSON.stringify([norm, numAttentionHeads, hiddenAct, layerNormEps, tokenizer.fingerprint]));
  for (const name of Object.keys(tensors).sort()) {
    if (created.includes(name)) continue;
    const { shape, data } = tensors[name]!;
    hash.update(JSON.stringify([name, shape])).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** SHA-256 of what is learnt from and what is scored, row by row. */
export function setsDigest({ train, evaluation }: FineTuningSets): string {
  const hash = createHash('sha256');
  const add = (name: string, examples: readonly Example[]): void => {
    hash.update(`${name}\n`);
    for (const { texts, label } of examples) hash.update(`${JSON.stringify([texts, label])}\n`);
  };
  add('train', train.examples);
  for (const [name, { examples }] of Object.entries(evaluation)) add(name, examples);
  return hash.digest('hex');
}

/** A task's data as a study needs it. */
export interface TaskData {
  readonly digest: string;
  /** Labels of the set that is scored. */
  readonly labels: readonly number[];
}

/** @throws HooklineError as the readers of `@hookline/glue` */
export async function taskData(source: Pick<FinetuneConfig, 'task' | 'own' | 'data'>): Promise<TaskData> {
  const sets = await loadSets(source);
  const [scored] = Object.values(sets.evaluation);
  return { digest: setsDigest(sets), labels: scored!.examples.map(({ label }) => label!) };
}

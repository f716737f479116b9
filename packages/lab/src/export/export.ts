import type { HubHead } from '@hookline/bert';
import { type Pretrained, writePretrained } from '@hookline/bert/node';
import { given } from '@hookline/core';
import { readEvaluated } from '../inspect/read-evaluated.js';

export interface ExportOptions {
  /** `trained` weights or a slot of averaged ones; default: `ema` where the run kept it, else `trained`. */
  readonly slot?: string | undefined;
  /** Told in a line of what the format has no place for, and of damaged checkpoints that were passed over. */
  readonly onNotice?: (line: string) => void;
}

/** What was written. */
export interface Exported {
  readonly directory: string;
  readonly head: HubHead;
  readonly norm: 'pre' | 'post';
  /** Tensors of heads that have no place beside this one. */
  readonly leftOut: readonly string[];
}

/** The most that the format has a place for: a classifier; masked words with sentence pairs, in PostLN; masked words; nothing. */
function headOf({ heads, config }: Pretrained): HubHead {
  if (heads.labels !== undefined) return 'classifier';
  if (heads.mlm) return heads.nsp && config.norm === 'post' ? 'pretraining' : 'mlm';
  return 'none';
}

/** Beginnings of the names of the tensors of heads, by what is exported. */
const heldBy: Readonly<Record<HubHead, readonly string[]>> = {
  mlm: ['cls.predictions.'],
  pretraining: ['cls.', 'bert.pooler.'],
  classifier: ['bert.pooler.', 'classifier.'],
  none: ['bert.pooler.'],
};

/**
 * Writes a run's model, of its latest checkpoint or a named one, as a folder that Hugging Face's transformers loads: see `writePretrained`.
 * @throws HooklineError as `readPretrained` and `writePretrained`
 */
export async function exportModel(source: string, directory: string, { slot, onNotice = () => undefined }: ExportOptions = {}): Promise<Exported> {
  const read = await readEvaluated(source, given({ slot, onNotice }));
  const { config, tensors, tokenizer, labels } = read;
  const head = headOf(read);
  await writePretrained(directory, { config, tensors, tokenizer, head, ...(labels ? { labels } : {}) });
  const isOfEncoder = (name: string): boolean => name.startsWith('bert.') && !name.startsWith('bert.pooler.');
  const leftOut = Object.keys(tensors).filter((name) => !isOfEncoder(name) && !heldBy[head].some((start) => name.startsWith(start)));
  if (leftOut.length > 0) onNotice(`left out, for a model of this kind has no place for it: ${leftOut.join(', ')}`);
  return { directory, head, norm: config.norm, leftOut };
}

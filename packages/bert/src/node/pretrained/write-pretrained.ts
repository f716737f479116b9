import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HooklineError, type NamedTensor, safetensorsParts, type Tensors } from '@hookline/core';
import { syncDirectory, writeError, writeSynced } from '@hookline/core/node';
import type { BertConfig } from '../../model/config.js';
import { type HubHead, type Labels, toHubConfig, unnamedLabels } from '../../model/hub-config.js';
import { fileName, withZeroRows } from '../../model/hub-names.js';
import { positionTable } from '../../model/parameters.js';
import { fitWeights, type HeadWishes } from '../../model/weights.js';
import type { Tokenizer } from '../../tokenizer/wordpiece.js';
import { saveTokenizer } from '../read-tokenizer.js';
import { hubFiles } from './hub-files.js';

export interface WritePretrainedOptions {
  readonly config: BertConfig;
  /** By the names of `parameterShapes`; heads that are not asked for may be among them and are left out. */
  readonly tensors: Tensors;
  readonly tokenizer: Tokenizer;
  readonly head: HubHead;
  /** What the classifier's rows mean; default `LABEL_0`, `LABEL_1`, … */
  readonly labels?: Labels;
}

/** What each kind of model holds beside embeddings and blocks. PreLN has no head for sentence pairs. */
function wishesFor(head: HubHead): HeadWishes {
  const dropped: HeadWishes = { pooler: 'drop', mlm: 'drop', nsp: 'drop', classifier: 'drop' };
  switch (head) {
    case 'mlm':
      return { ...dropped, mlm: 'need' };
    case 'pretraining':
      return { ...dropped, mlm: 'need', pooler: 'need', nsp: 'need' };
    case 'classifier':
      return { ...dropped, pooler: 'need', classifier: 'need' };
    case 'none':
      return { ...dropped, pooler: 'keep' };
  }
}

/** The tensors of `model.safetensors`. Base models are saved without their prefix. */
function fileTensors(tensors: Tensors, { config, tokenizer, head }: WritePretrainedOptions): Tensors {
  const modelType = config.norm === 'post' ? 'bert' : 'roberta-prelayernorm';
  const entries = Object.entries(tensors).map(([name, tensor]): [string, NamedTensor] => {
    const inFile = fileName(modelType, name, head === 'classifier');
    const shifted = modelType !== 'bert' && name === positionTable ? withZeroRows(tensor, tokenizer.padTokenId + 1) : tensor;
    return [head === 'none' ? inFile.replace(/^(bert|roberta_prelayernorm)\./, '') : inFile, shifted];
  });
  return Object.fromEntries(entries);
}

function requireEmpty(directory: string): void {
  if (!existsSync(directory)) return;
  if (statSync(directory).isDirectory() && readdirSync(directory).length === 0) return;
  throw new HooklineError('HOOKLINE_OUTPUT_EXISTS', `'${directory}' is there already`, { hint: 'choose a directory that is absent or empty' });
}

/** Writes a directory under a temporary name beside it, and renames it when it is complete. */
async function writeDirectory(directory: string, fill: (path: string) => Promise<void>): Promise<void> {
  const full = resolve(directory);
  const temporary = join(dirname(full), `.tmp-${randomUUID()}`);
  try {
    await mkdir(temporary, { recursive: true });
    await fill(temporary);
    await syncDirectory(temporary);
    if (existsSync(full)) await rmdir(full);
    await rename(temporary, full);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw writeError('export', directory, error);
  }
}

/**
 * Writes a model as a folder that Hugging Face's transformers loads: PostLN as `bert`, PreLN as `roberta-prelayernorm`, with `config.json`,
 * `model.safetensors` (float32), `vocab.txt`, `tokenizer.json` and `tokenizer_config.json`.
 *
 * Guaranteed: the class that `architectures` names finds every tensor that it expects and none besides (a base model without pooler is the one exception:
 * transformers makes one anew), and computes the same numbers; for PreLN, padding must be on the right. `readPretrained` reads back the same bits.
 * The directory, which must be absent or empty, appears complete or not at all.
 * @param head `pretraining` is for PostLN alone: PreLN's format has no head for sentence pairs
 * @throws HooklineError `HOOKLINE_BERT_WEIGHTS` where a tensor is missing, surplus or of another shape, `HOOKLINE_VOCABULARY`, `HOOKLINE_OPTIONS`,
 *   `HOOKLINE_OUTPUT_EXISTS`, `HOOKLINE_WRITE`, `HOOKLINE_DISK_FULL`
 */
export async function writePretrained(directory: string, options: WritePretrainedOptions): Promise<void> {
  const { config, tensors, tokenizer, head } = options;
  requireEmpty(directory);
  if (config.norm === 'pre' && head === 'pretraining') {
    throw new HooklineError('HOOKLINE_OPTIONS', 'writePretrained: a PreLN model has no head for sentence pairs in the format of Hugging Face', {
      hint: "write it with the head 'mlm'",
    });
  }
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new HooklineError('HOOKLINE_VOCABULARY', `the tokenizer has ${tokenizer.vocabSize} tokens, the model ${config.vocabSize} word embeddings`, {
      hint: 'give the tokenizer that the model was trained with',
    });
  }
  const { tensors: fitted, heads } = fitWeights(new Map(Object.entries(tensors)), config, { wishes: wishesFor(head), source: 'the model' });
  const named = options.labels?.names.length ?? heads.labels;
  if (named !== heads.labels) {
    throw new HooklineError('HOOKLINE_OPTIONS', `writePretrained: there are ${named} labels and ${heads.labels ?? 'no'} rows of a classifier`, {
      hint: 'give a name for each row',
    });
  }
  const labels = heads.labels === undefined ? undefined : (options.labels ?? unnamedLabels(heads.labels));
  const hub = toHubConfig(config, { head, padTokenId: tokenizer.padTokenId, labels });
  await writeDirectory(directory, async (path) => {
    const parts = safetensorsParts(fileTensors(fitted, options), { format: 'pt' });
    await writeSynced(join(path, hubFiles.weights), parts);
    await writeSynced(join(path, hubFiles.config), [new TextEncoder().encode(`${JSON.stringify(hub, undefined, 2)}\n`)]);
    saveTokenizer(tokenizer, path, { maxLength: config.maxPositionEmbeddings });
  });
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeSafetensors, HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import { readWhole } from '@hookline/core/node';
import * as z from 'zod';
import { hubFiles, pretrainedError } from './hub-files.js';
import { folderOfOtherFormat, otherWeights } from './other-formats.js';

export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw pretrainedError(
      `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
      'give a folder as transformers saves it',
      cause,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw pretrainedError(`${path} is not JSON (${(cause as Error).message})`, 'fetch or save it again', cause);
  }
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Which file holds which tensor, by a sharded model's index.
 * @throws HooklineError `HOOKLINE_PRETRAINED`
 */
export async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const parsed = indexSchema.safeParse(await readJson(path));
  if (!parsed.success) throw pretrainedError(`${path} has no 'weight_map' from tensors to files`, 'fetch or save it again');
  const map = new Map(Object.entries(parsed.data.weight_map));
  const outside = [...map.values()].find((file) => basename(file) !== file || file === '..' || file === '.');
  if (outside !== undefined) throw pretrainedError(`${path} names '${outside}', which is not a file beside it`, 'fetch or save it again');
  return map;
}

async function readTensors(path: string): Promise<Tensors> {
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(path);
  } catch (cause) {
    throw pretrainedError(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'fetch or save it again', cause);
  }
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (cause) {
    if (!(cause instanceof HooklineError)) throw cause;
    throw new HooklineError('HOOKLINE_SAFETENSORS', `${path}: ${cause.message}`, { cause });
  }
}

async function readShards(folder: string): Promise<Tensors> {
  const index = await readIndex(join(folder, hubFiles.index));
  const all: Record<string, NamedTensor> = {};
  for (const file of new Set(index.values())) {
    const tensors = await readTensors(join(folder, file));
    const promised = [...index].filter(([, holder]) => holder === file).map(([name]) => name);
    const missing = promised.filter((name) => !Object.hasOwn(tensors, name));
    if (missing.length > 0) {
      throw pretrainedError(`${join(folder, file)} lacks what ${hubFiles.index} says is in it: ${missing.join(', ')}`, 'fetch or save all shards again');
    }
    for (const name of promised) all[name] = tensors[name]!;
  }
  return all;
}

/**
 * Every tensor of a Hugging Face folder, by the names in its files: of `model.safetensors`, or of the shards that its index names.
 * @throws HooklineError `HOOKLINE_PRETRAINED` where there are none, `HOOKLINE_SAFETENSORS` where a file is damaged
 */
export async function readFolderTensors(folder: string): Promise<Tensors> {
  if (existsSync(join(folder, hubFiles.weights))) return readTensors(join(folder, hubFiles.weights));
  if (existsSync(join(folder, hubFiles.index))) return readShards(folder);
  const other = otherWeights.find((file) => existsSync(join(folder, file)));
  if (other !== undefined) throw await folderOfOtherFormat(folder, other);
  throw pretrainedError(`${folder} has no ${hubFiles.weights}`, 'give a folder as transformers saves it, or the directory of a run');
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';
import { entryAt, readError, requireNoFile } from './file-access.js';

/** The files of one split in a data folder. */
export type LocatedSplit =
  | { readonly layout: 'tsv'; readonly file: string }
  | { readonly layout: 'parquet'; readonly folder: string; readonly files: readonly string[] };

const isFile = (path: string): boolean => entryAt(path)?.isFile() === true;

/**
 * Finds a split: the official file, e.g. `RTE/dev.tsv`, before Hugging Face's shards, e.g. `rte/validation-00000-of-00001.parquet`.
 * @returns undefined where there is neither
 * @throws HooklineError `HOOKLINE_DATA_MISSING` where some of the shards are missing, or the folder is a file; `HOOKLINE_PERMISSION`
 */
export function locateSplit(data: string, task: GlueTask, layout: SplitLayout): LocatedSplit | undefined {
  requireNoFile(data);
  const file = layout.files.map((path) => join(data, path)).find(isFile);
  if (file !== undefined) return { layout: 'tsv', file };
  const folder = join(data, task.name);
  const shards = entryAt(folder)?.isDirectory() ? shardsIn(folder, layout.hub) : [];
  return shards.length === 0 ? undefined : { layout: 'parquet', folder, files: shards.map((name) => join(folder, name)) };
}

function shardsIn(folder: string, split: string): readonly string[] {
  const found = namesIn(folder)
    .filter((name) => name.startsWith(`${split}-`) && /^-\d{5}-of-\d{5}\.parquet$/.test(name.slice(split.length)))
    .sort();
  if (found.length === 0) return [];
  const total = found[0]!.slice(split.length + '-00000-of-'.length, -'.parquet'.length);
  const expected = Array.from({ length: Number(total) }, (_, i) => `${split}-${String(i).padStart(5, '0')}-of-${total}.parquet`);
  const damage = (what: string, hint: string) => new HooklineError('HOOKLINE_DATA_MISSING', what, { hint });
  const other = found.find((name) => !expected.includes(name));
  if (other !== undefined) throw damage(`${folder} holds shards of two versions, ${found[0]} and ${other}`, 'remove those of the older one');
  const missing = expected.find((name) => !found.includes(name));
  if (missing !== undefined) throw damage(`${join(folder, missing)} is missing`, '`hookline data glue --download` fetches it');
  return found;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw readError(folder, cause);
  }
}

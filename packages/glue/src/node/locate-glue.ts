import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';

/** The files of one split in a data folder. */
export type LocatedSplit =
  | { readonly layout: 'tsv'; readonly file: string }
  | { readonly layout: 'parquet'; readonly folder: string; readonly files: readonly string[] };

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/**
 * Finds a split: the official file, e.g. `RTE/dev.tsv`, before Hugging Face's shards, e.g. `rte/validation-00000-of-00001.parquet`.
 * @returns undefined where there is neither
 * @throws HooklineError `HOOKLINE_DATA_MISSING` where some of the shards are missing
 */
export function locateSplit(data: string, task: GlueTask, layout: SplitLayout): LocatedSplit | undefined {
  const file = layout.files.map((path) => join(data, path)).find(isFile);
  if (file !== undefined) return { layout: 'tsv', file };
  const folder = join(data, task.name);
  const shards = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? shardsIn(folder, layout.hub) : [];
  return shards.length === 0 ? undefined : { layout: 'parquet', folder, files: shards.map((name) => join(folder, name)) };
}

function shardsIn(folder: string, split: string): readonly string[] {
  const found = readdirSync(folder)
    .filter((name) => name.startsWith(`${split}-`) && /^-\d{5}-of-\d{5}\.parquet$/.test(name.slice(split.length)))
    .sort();
  const total = found[0]?.slice(split.length + '-00000-of-'.length, -'.parquet'.length);
  if (total === undefined) return [];
  const expected = Array.from({ length: Number(total) }, (_, i) => `${split}-${String(i).padStart(5, '0')}-of-${total}.parquet`);
  const missing = expected.find((name) => !found.includes(name));
  if (missing === undefined && found.length === expected.length) return found;
  const what = missing === undefined ? `${folder} holds shards of two versions, ${found[0]} and ${found.at(-1)}` : `${join(folder, missing)} is missing`;
  throw new HooklineError('HOOKLINE_DATA_MISSING', what, { hint: 'fetch the shards again, or remove those of the other version' });
}

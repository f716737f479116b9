import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import type { GlueTask } from '../tasks/glue-task.js';
import { glueTask, splitLayout } from '../tasks/glue-tasks.js';
import type { LabelledSet } from '../tasks/task.js';
import { locateSplit } from './locate-glue.js';
import { readGlueParquet } from './read-glue-parquet.js';
import { readGlueTsv } from './read-glue-tsv.js';

export interface ReadGlueOptions {
  /** By either name: `SST-2`, `sst2`. */
  readonly task: string;
  /** As the official files name it, e.g. `dev_matched`. */
  readonly split: string;
  /** Folder with a folder a task, in the official layout or in Hugging Face's. */
  readonly data: string;
}

/** A set of a GLUE task. */
export interface GlueSet extends LabelledSet {
  readonly task: GlueTask;
}

/**
 * Reads a set of a GLUE task: the official TSV file where there is one, else Hugging Face's Parquet shards.
 * @throws HooklineError `HOOKLINE_TASK`, `HOOKLINE_SPLIT`, `HOOKLINE_DATA_MISSING`, `HOOKLINE_UTF8`; `HOOKLINE_DATA` with file, line and column
 */
export async function readGlue({ task: name, split, data }: ReadGlueOptions): Promise<GlueSet> {
  const task = glueTask(name);
  const layout = splitLayout(task, split);
  const found = locateSplit(data, task, layout);
  if (!found) {
    throw new HooklineError('HOOKLINE_DATA_MISSING', `there is no ${task.title} ${split} set in ${data} (${join(data, layout.files[0]!)})`, {
      hint: `see \`hookline data glue --dir ${data}\``,
    });
  }
  const set = await (found.layout === 'tsv' ? readGlueTsv(found.file, task, layout) : readGlueParquet(found.folder, found.files, task, layout));
  return { ...set, task };
}

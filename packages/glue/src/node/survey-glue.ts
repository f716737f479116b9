import type { GlueSplit, GlueTask } from '../tasks/glue-task.js';
import { glueTasks, splitLayout } from '../tasks/glue-tasks.js';
import { requireNoFile } from './file-access.js';
import { locateSplit } from './locate-glue.js';
import { readGlue } from './read-glue.js';

/** How a set of GLUE stands in a data folder. */
export interface FoundSplit {
  readonly task: GlueTask;
  readonly split: GlueSplit;
  /** Examples that the published set has. */
  readonly published: number;
  /** What was read of it; undefined where it is missing. */
  readonly found?: { readonly layout: 'tsv' | 'parquet'; readonly examples: number; readonly warnings: readonly string[] };
  /** Why it cannot be read, where it is there and damaged. */
  readonly error?: Error;
}

/**
 * Reads every set of GLUE in a data folder, one after the other, and tells of each what is there. Damaged files are told of, not thrown.
 * @param names tasks to look for; all by default
 * @throws HooklineError `HOOKLINE_DATA_MISSING` where `data` is a file
 */
export async function* surveyGlue(
  data: string,
  names: readonly GlueTask['name'][] = Object.values(glueTasks).map(({ name }) => name),
): AsyncGenerator<FoundSplit> {
  requireNoFile(data);
  for (const name of names) {
    const task = glueTasks[name];
    for (const split of Object.keys(task.splits) as GlueSplit[]) yield await survey(data, task, split);
  }
}

async function survey(data: string, task: GlueTask, split: GlueSplit): Promise<FoundSplit> {
  const layout = splitLayout(task, split);
  const about = { task, split, published: layout.rows };
  try {
    const located = locateSplit(data, task, layout);
    if (!located) return about;
    const { examples, warnings } = await readGlue({ task: task.name, split, data });
    return { ...about, found: { layout: located.layout, examples: examples.length, warnings } };
  } catch (cause) {
    return { ...about, error: cause as Error };
  }
}

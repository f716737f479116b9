import { glueRows } from '../data/glue-rows.js';
import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';
import type { LabelledSet } from '../tasks/task.js';
import { textLines } from './text-file.js';

/**
 * Reads one file of the official layout.
 * @throws HooklineError `HOOKLINE_DATA` with file, line and column; `HOOKLINE_UTF8`, `HOOKLINE_PERMISSION`
 */
export async function readGlueTsv(file: string, task: GlueTask, layout: SplitLayout): Promise<LabelledSet> {
  const rows = glueRows(task, layout, file);
  for await (const { lines } of textLines(file)) for (const line of lines) rows.read(line);
  return { source: file, task, ...rows.end() };
}

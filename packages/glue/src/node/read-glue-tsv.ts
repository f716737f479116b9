import { utf8Lines } from '@hookline/bert/node';
import { dataError } from '../data/data-error.js';
import { glueRows } from '../data/glue-rows.js';
import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';
import type { LabelledSet } from '../tasks/task.js';

/** No row of any task comes near it; in UTF-16 code units. */
export const maxRow = 2 ** 24;

/**
 * Reads one file of the official layout.
 * @throws HooklineError `HOOKLINE_DATA` with file, line and column; `HOOKLINE_UTF8`
 */
export async function readGlueTsv(file: string, task: GlueTask, layout: SplitLayout): Promise<LabelledSet> {
  const rows = glueRows(task, layout, file);
  const onTooLong = (line: number): never => {
    throw dataError({ file, line }, `is longer than ${maxRow} characters`);
  };
  for await (const { lines } of utf8Lines(file, { maxLength: maxRow, onTooLong })) for (const line of lines) rows.read(line);
  return { source: file, task, ...rows.end() };
}

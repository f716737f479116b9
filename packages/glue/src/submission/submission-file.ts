import { HooklineError } from '@hookline/core';
import type { GlueTask, SubmissionFile } from '../tasks/glue-task.js';

/** The server's file for a set of a task. @throws HooklineError `HOOKLINE_SPLIT` for a set that it does not ask for */
export function submissionFile({ title, submissions }: GlueTask, split: string): SubmissionFile {
  const file = submissions.find((one) => one.split === split);
  if (file) return file;
  throw new HooklineError('HOOKLINE_SPLIT', `no predictions for ${title} ${split} are submitted`, {
    hint: `the sets are: ${submissions.map((one) => one.split).join(', ')}`,
  });
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HooklineError, nearest } from '@hookline/core';
import { replaceFile, systemCode } from '@hookline/core/node';
import { checkPredictions, type SubmissionProblem } from '../submission/check.js';
import { formatPredictions } from '../submission/format.js';
import { submissionFile } from '../submission/submission-file.js';
import type { GlueSplit, GlueTask } from '../tasks/glue-task.js';
import { glueTasks } from '../tasks/glue-tasks.js';
import type { Example } from '../tasks/task.js';
import { readError } from './file-access.js';

/** A file of predictions to be: the test examples of a task with what was predicted for them. */
export interface TestPredictions {
  readonly task: GlueTask;
  readonly split: GlueSplit;
  readonly examples: readonly Pick<Example, 'index'>[];
  /** Class indices, or numbers. */
  readonly predictions: readonly number[];
}

/**
 * Writes predictions into a folder under the server's name, e.g. `MNLI-mm.tsv`: under another name first, synced and renamed, so that a file
 * that is there is a whole one.
 * @returns the path of the file
 * @throws HooklineError `HOOKLINE_PREDICTION` before anything is written; `HOOKLINE_SPLIT` for a set that is not submitted; `HOOKLINE_WRITE`, `HOOKLINE_DISK_FULL`
 */
export async function writePredictions(folder: string, { task, split, examples, predictions }: TestPredictions): Promise<string> {
  const file = submissionFile(task, split);
  const text = formatPredictions(task, examples, predictions);
  const path = join(folder, `${file.name}.tsv`);
  await replaceFile('predictions', path, text);
  return path;
}

/** How a file of a submission stands. */
export interface CheckedFile {
  /** e.g. `MNLI-m.tsv`. */
  readonly file: string;
  readonly state: 'right' | 'wrong' | 'missing' | 'unknown';
  readonly problems: readonly SubmissionProblem[];
  /** For an unknown name: the one that was meant, where one is close. */
  readonly meant?: string;
}

async function problemsOf(path: string, task: GlueTask, split: GlueSplit): Promise<readonly SubmissionProblem[]> {
  try {
    return checkPredictions(task, split, await readFile(path, 'utf8'));
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    return [{ line: undefined, column: undefined, what: code === 'EISDIR' ? 'is a folder, not a file' : `cannot be read (${code})` }];
  }
}

/**
 * Checks a folder of predictions: each of the server's eleven files, and names ending in `.tsv` that it does not know. A file that cannot be read is wrong.
 * @throws HooklineError `HOOKLINE_DATA_MISSING` where there is no such folder, `HOOKLINE_PERMISSION` where it may not be read
 */
export async function checkSubmission(folder: string): Promise<readonly CheckedFile[]> {
  const present = await readdir(folder).catch((cause: unknown) => {
    const error = readError(folder, cause);
    if (error.code === 'HOOKLINE_PERMISSION') throw error;
    throw new HooklineError('HOOKLINE_DATA_MISSING', `there is no folder ${folder}`, { hint: 'give the folder with the files of predictions', cause });
  });
  const known = Object.values(glueTasks).flatMap((task) => task.submissions.map(({ name, split }) => ({ task, split, file: `${name}.tsv` })));
  const names = known.map(({ file }) => file);
  const files: CheckedFile[] = [];
  for (const { task, split, file } of known) {
    if (!present.includes(file)) {
      files.push({ file, state: 'missing', problems: [] });
      continue;
    }
    const problems = await problemsOf(join(folder, file), task, split);
    files.push({ file, state: problems.length === 0 ? 'right' : 'wrong', problems });
  }
  for (const file of present.filter((name) => name.toLowerCase().endsWith('.tsv') && !names.includes(name)).sort()) {
    const meant = nearest(
      file.slice(0, -'.tsv'.length),
      names.map((name) => name.slice(0, -'.tsv'.length)),
    );
    files.push({ file, state: 'unknown', problems: [], ...(meant !== undefined && { meant: `${meant}.tsv` }) });
  }
  return files;
}

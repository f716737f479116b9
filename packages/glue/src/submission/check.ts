import { shortened } from '../data/data-error.js';
import { parseLabel } from '../data/parse-label.js';
import type { GlueTask } from '../tasks/glue-task.js';
import { splitLayout } from '../tasks/glue-tasks.js';

/** What is wrong with a file of predictions. */
export interface SubmissionProblem {
  /** From 1; undefined for the file as a whole. */
  readonly line: number | undefined;
  /** e.g. `column 2 (prediction)`; undefined for the row as a whole. */
  readonly column: string | undefined;
  readonly what: string;
}

const columns = { index: 'column 1 (index)', prediction: 'column 2 (prediction)' } as const;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/**
 * Checks the text of a file of predictions against what the server takes: header, a row for every example of the test set, indices from 0
 * in order, predictions of the right kind and range. Answers with everything that is wrong, in the order of the lines.
 */
export function checkPredictions(task: GlueTask, split: string, text: string): readonly SubmissionProblem[] {
  const problems: SubmissionProblem[] = [];
  const add = (what: string, line?: number, column?: string): void => void problems.push({ line, column, what });
  const { rows } = splitLayout(task, split);
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const [header, ...found] = lines;
  if (header === undefined) add('the file is empty');
  else if (header !== 'index\tprediction') add("the header is not 'index<TAB>prediction'", 1);
  for (const [i, row] of found.entries()) {
    const cells = row.split('\t');
    if (cells.length !== 2) {
      add(`has ${counted(cells.length, 'column')} instead of 2`, i + 2);
      continue;
    }
    if (cells[0] !== String(i)) add(`is '${shortened(cells[0]!)}' instead of ${i}`, i + 2, columns.index);
    const value = parseLabel(cells[1]!, task.target, task.written);
    if (typeof value !== 'number')
      add(`${value.problem.replace('label', 'prediction')}; ${value.hint.replace('labels', 'predictions')}`, i + 2, columns.prediction);
  }
  if (header !== undefined && found.length !== rows) add(`has ${counted(found.length, 'prediction')} instead of ${rows}`);
  return problems;
}

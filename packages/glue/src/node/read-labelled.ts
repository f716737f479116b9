import { basename, extname } from 'node:path';
import { HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { dataError, shortened } from '../data/data-error.js';
import { inferTarget } from '../data/infer-target.js';
import { parseLabel } from '../data/parse-label.js';
import { suspectLabel } from '../data/suspect-label.js';
import { type Example, type LabelledSet, type MetricName, metricNames, type Target, type TextTask } from '../tasks/task.js';
import { requireFile } from './file-access.js';
import { labelledRows } from './labelled-rows.js';

const column = z.string().min(1);
const isTask = (value: unknown): boolean => typeof value === 'object' && value !== null && ['texts', 'target', 'metrics'].every((key) => key in value);
const readLabelledOptions = z.strictObject({
  /** The column of the text, or the two of a pair. */
  text: z.union([column, z.tuple([column]), z.tuple([column, column])]),
  /** The column of the label; none for texts that are only to be predicted. */
  label: column.exactOptional(),
  /** What is to be predicted; by default classes, unless most labels are numbers and one of them is not whole; where it is said, no label is suspect. */
  target: z.enum(['classes', 'number']).exactOptional(),
  /** Default: accuracy for classes, Pearson and Spearman for a number. */
  metrics: z.array(z.enum(metricNames)).min(1).exactOptional(),
  /** The task that the training set gave: labels are then read by it, and an unknown one is an error. */
  task: z.custom<TextTask>(isTask, 'expected the task that readLabelled or glueTask gave').exactOptional(),
});

export type ReadLabelledOptions = z.input<typeof readLabelledOptions>;

interface ReadRow {
  readonly line: number;
  readonly texts: Example['texts'];
  readonly label: string | undefined;
}

/**
 * Reads a user's own examples from a `.tsv`, `.csv` or `.jsonl` file. The training set is read first; its `task` is then given for the
 * others. Classes are ordered by name, whole numbers by value. Here a row that is short or has no text is an error: nothing is skipped.
 * @throws HooklineError `HOOKLINE_DATA` with file, line and column; `HOOKLINE_DATA_MISSING`, `HOOKLINE_OPTIONS`, `HOOKLINE_UTF8`, `HOOKLINE_PERMISSION`
 */
export async function readLabelled(file: string, readOptions: ReadLabelledOptions): Promise<LabelledSet> {
  const options = parseOptions('labelled file', readLabelledOptions, readOptions);
  const columns = typeof options.text === 'string' ? [options.text] : options.text;
  checkOptions(options, columns);
  requireFile(file);
  const { rows, columnName } = await labelledRows(file, [...columns, ...(options.label === undefined ? [] : [options.label])]);
  const read: ReadRow[] = [];
  for await (const { line, values } of rows) {
    const texts = columns.map((_, i) => {
      const text = values[i];
      if (typeof text === 'string' && text.trim() !== '') return text;
      throw dataError({ file, line, column: columnName(i) }, typeof text === 'string' ? 'there is no text' : `${shortened(JSON.stringify(text))} is no text`);
    }) as unknown as Example['texts'];
    read.push({ line, texts, label: options.label === undefined ? undefined : labelText(values[columns.length], file, line, columnName(columns.length)) });
  }
  if (read.length === 0) throw dataError({ file }, 'there are no examples in it');
  const task = options.task ?? ownTask(file, columnName(columns.length), read, options);
  const examples = read.map(({ line, texts, label }, index): Example => {
    if (label === undefined) return { index, texts, label };
    const value = parseLabel(label, task.target, task.target.kind === 'number' ? 'number' : 'name');
    if (typeof value !== 'number') throw dataError({ file, line, column: columnName(columns.length) }, value.problem, value.hint);
    return { index, texts, label: value };
  });
  return { source: file, task, examples, warnings: [] };
}

function labelText(value: unknown, file: string, line: number, column: string): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw dataError({ file, line, column }, `${shortened(JSON.stringify(value))} is no label`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw dataError({ file, line, column }, 'is a whole number beyond 2^53, where those of JSON are not exact', 'put quotes around it');
  const text = String(value).trim();
  if (text === '') throw dataError({ file, line, column }, 'there is no label');
  return text;
}

function checkOptions({ task, label, target, metrics }: z.output<typeof readLabelledOptions>, columns: readonly string[]): void {
  const wrong = (what: string, hint: string) => new HooklineError('HOOKLINE_OPTIONS', `labelled file: ${what}`, { hint });
  if (!task && label === undefined) throw wrong('a file without labels does not say what is to be predicted', "give its 'task', or the column of the 'label'");
  if (task && (target || metrics)) throw wrong("'task' says what is to be predicted", "leave out 'target' and 'metrics'");
  if (task && task.texts !== columns.length)
    throw wrong(`the task has ${task.texts} text${task.texts === 1 ? '' : 's'} an example, not ${columns.length}`, "name as many columns in 'text'");
  if (label !== undefined && columns.includes(label))
    throw wrong(`the column '${shortened(label)}' is both a text and the label`, "name another column in 'label'");
}

function ownTask(file: string, column: string, rows: readonly ReadRow[], options: z.output<typeof readLabelledOptions>): TextTask {
  const labels = rows.map(({ label }) => label!);
  const target = inferTarget(labels, options.target);
  const suspect = options.target === undefined ? suspectLabel(labels, target) : undefined;
  if (suspect) throw dataError({ file, column, ...(suspect.row !== undefined && { line: rows[suspect.row]!.line }) }, suspect.problem, suspect.hint);
  if (target.kind === 'classes' && target.labels.length < 2)
    throw dataError({ file }, `every label is '${shortened(target.labels[0]!)}'`, 'there must be two classes at least');
  const metrics = options.metrics ?? (target.kind === 'classes' ? ['accuracy'] : ['pearson', 'spearman']);
  checkMetrics(metrics, target);
  return { name: basename(file, extname(file)), texts: rows[0]!.texts.length, target, metrics };
}

function checkMetrics(metrics: readonly MetricName[], target: Target): void {
  const fitting: readonly MetricName[] =
    target.kind === 'number' ? ['pearson', 'spearman'] : ['accuracy', 'matthews', ...(target.labels.length === 2 ? (['f1'] as const) : [])];
  const wrong = metrics.find((name) => !fitting.includes(name));
  if (wrong === undefined) return;
  const of = target.kind === 'number' ? 'a number' : `${target.labels.length} classes`;
  throw new HooklineError('HOOKLINE_OPTIONS', `labelled file: '${wrong}' is no metric of ${of}`, { hint: `there are: ${fitting.join(', ')}` });
}

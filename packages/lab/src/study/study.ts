import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { glueTask } from '@hookline/glue';
import { readGlue } from '@hookline/glue/node';
import { type ReportTable, renderReport } from '../report/index.js';
import { type Cell, type StudyOptions, studyCells } from './cells.js';
import { majorityShare, type Outcome } from './outcome.js';
import { readOutcome, runCell } from './run-cell.js';
import { studyReport } from './study-report.js';

export interface DoneCell {
  readonly cell: Cell;
  readonly outcome: Outcome;
}

export interface StudyRun {
  /** The command that trains: program and arguments before `finetune`. */
  readonly command: readonly string[];
  /** Runs at a time, each on its share of the processor's threads; default 1. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  /** Told after each cell. `secondsLeft` is estimated from cells of the same task, or of any. */
  readonly onCell?: (done: DoneCell, progress: { readonly done: number; readonly of: number; readonly secondsLeft: number }) => void;
}

export interface StudyResult {
  readonly cells: readonly DoneCell[];
  readonly of: number;
  readonly tables: readonly ReportTable[];
  /** Path of report.html. */
  readonly report: string;
}

/** Seconds that the cells to come will take: the mean of those of the same task and method, else of all. */
function secondsLeft(todo: readonly Cell[], done: readonly DoneCell[]): number {
  const mean = (cells: readonly DoneCell[]): number | undefined =>
    cells.length === 0 ? undefined : cells.reduce((sum, { outcome }) => sum + outcome.seconds, 0) / cells.length;
  return todo.reduce((sum, { task, method }) => {
    const alike = done.filter(({ cell }) => cell.task === task && cell.method === method);
    return sum + (mean(alike) ?? mean(done) ?? 0);
  }, 0);
}

/**
 * Fine-tunes every cell of a study that is not done yet, `jobs` at a time, and writes `report.html`. Starting it again goes on where it stopped. Where a cell
 * fails, those beside it run to their end before the error is thrown, so that nothing is lost.
 * @throws HooklineError `HOOKLINE_STUDY`, and as the readers of the data
 */
export async function runStudy(options: StudyOptions, directory: string, { command, jobs = 1, signal, onCell }: StudyRun): Promise<StudyResult> {
  const cells = studyCells(options);
  const majorities = new Map<string, number>();
  for (const task of new Set(cells.map((cell) => cell.task))) {
    const { examples } = await readGlue({ task, split: glueTask(task).evaluation[0]!, data: options.data });
    majorities.set(task, majorityShare(examples.map(({ label }) => label!)));
  }
  const done: DoneCell[] = cells.flatMap((cell) => {
    const outcome = readOutcome(join(directory, cell.name), cell);
    return outcome ? [{ cell, outcome }] : [];
  });
  mkdirSync(directory, { recursive: true });
  const todo = cells.filter((cell) => !done.some((one) => one.cell === cell));
  const waiting = new Set(todo);
  const running = new Set<Cell>();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const cell of waiting) {
      if (signal?.aborted || failures.length > 0) return;
      waiting.delete(cell);
      running.add(cell);
      const outcome = await runCell(cell, join(directory, cell.name), majorities.get(cell.task)!, {
        command,
        jobs,
        threads: Math.max(1, Math.floor(availableParallelism() / jobs)),
        ...(signal ? { signal } : {}),
      }).catch((error: unknown) => {
        failures.push(error);
        return undefined;
      });
      running.delete(cell);
      if (!outcome) return;
      done.push({ cell, outcome });
      onCell?.({ cell, outcome }, { done: done.length, of: cells.length, secondsLeft: secondsLeft([...waiting, ...running], done) / jobs });
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  if (failures.length > 0) throw failures[0];
  const report = join(directory, 'report.html');
  const made = await studyReport(options, done, cells.length);
  writeFileSync(report, await renderReport(made));
  return { cells: done, of: cells.length, tables: made.tables, report };
}

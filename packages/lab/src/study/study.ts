import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { given, HooklineError } from '@hookline/core';
import { failedWhileRunning, whileRunning } from '../failures.js';
import { requireDirectoryPlace } from '../places.js';
import { type ReportTable, renderReport } from '../report/index.js';
import { type Cell, checkedStudy, type StudyOptions, studyCells } from './cells.js';
import { majorityShare, type Outcome } from './outcome.js';
import { type CellInputs, readOutcome, requireSameSources, runCell } from './run-cell.js';
import { checkpointDigest, taskData } from './sources.js';
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
  /** Told at once of a run that failed, and of test predictions that could not be made. */
  readonly onNotice?: (text: string) => void;
  /** Told after each cell. `secondsLeft` is estimated from cells of the same task, or of any. */
  readonly onCell?: (done: DoneCell, progress: { readonly done: number; readonly of: number; readonly secondsLeft: number }) => void;
}

export interface StudyResult {
  /** Those that are done, in the study's order. */
  readonly cells: readonly DoneCell[];
  readonly of: number;
  readonly tables: readonly ReportTable[];
  /** Path of report.html. */
  readonly report: string;
}

/** Seconds that the cells to come will take: the mean of those of the same task and method, else of all. */
function secondsLeft(todo: readonly Cell[], done: readonly DoneCell[]): number {
  const mean = (cells: readonly DoneCell[]): number | undefined => {
    const known = cells.flatMap(({ outcome }) => outcome.seconds ?? []);
    return known.length === 0 ? undefined : known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
  };
  return todo.reduce((sum, { task, method }) => {
    const alike = done.filter(({ cell }) => cell.task === task && cell.method === method);
    return sum + (mean(alike) ?? mean(done) ?? 0);
  }, 0);
}

/**
 * Reads what cells are made of, once for each key. What cannot be read is left out where every cell that needs it is done: a finished study outlives its
 * checkpoints.
 */
async function readSources<T>(
  cells: readonly Cell[],
  todo: ReadonlySet<Cell>,
  key: 'task' | 'checkpoint',
  read: (cell: Cell) => Promise<T>,
): Promise<ReadonlyMap<string, T | undefined>> {
  const needed = new Set([...todo].map((cell) => cell[key]));
  const found = new Map<string, T | undefined>();
  for (const cell of cells) {
    if (found.has(cell[key])) continue;
    const unlessNeeded = (error: unknown): undefined => {
      if (!(error instanceof HooklineError) || needed.has(cell[key])) throw error;
    };
    found.set(cell[key], await read(cell).catch(unlessNeeded));
  }
  return found;
}

function failure(failures: readonly unknown[]): unknown {
  const [first] = failures;
  if (failures.length === 1) return first;
  const error = new HooklineError('HOOKLINE_STUDY', `${failures.length} runs failed; the first: ${(first as Error).message}`, { cause: first });
  return failures.some(failedWhileRunning) ? whileRunning(error) : error;
}

/**
 * Fine-tunes every cell of a study that is not done yet, `jobs` at a time, and writes `report.html`. Starting it again goes on where it stopped. A run that
 * diverges counts as failed; where one fails otherwise, the others are made and the report is written before the error is thrown.
 * @throws HooklineError `HOOKLINE_STUDY`, `HOOKLINE_OPTIONS`, `HOOKLINE_TASK`, and as the readers of data and checkpoints, before anything is trained
 */
export async function runStudy(asked: StudyOptions, directory: string, run: StudyRun): Promise<StudyResult> {
  const { command, jobs = 1, signal, onNotice, onCell } = run;
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new HooklineError('HOOKLINE_OPTIONS', `a study cannot make ${jobs} runs at a time`, { hint: 'give a whole number, at least 1' });
  }
  const options = checkedStudy(asked);
  const cells = studyCells(options);
  requireDirectoryPlace(directory);
  const folder = ({ name }: Cell): string => join(directory, name);
  const outcomes = new Map<Cell, Outcome>();
  for (const cell of cells) {
    const outcome = readOutcome(folder(cell), cell);
    if (outcome) outcomes.set(cell, outcome);
  }
  const waiting = new Set(cells.filter((cell) => !outcomes.has(cell)));
  const data = await readSources(cells, waiting, 'task', ({ config }) => taskData(config));
  const checkpoints = await readSources(cells, waiting, 'checkpoint', ({ config }) => checkpointDigest(config));
  for (const [cell, outcome] of outcomes) {
    const [checkpoint, sets] = [checkpoints.get(cell.checkpoint), data.get(cell.task)];
    requireSameSources(folder(cell), cell, outcome, given({ checkpoint, data: sets?.digest }));
  }
  const inputsOf = ({ task, checkpoint }: Cell): CellInputs => {
    const { digest, labels } = data.get(task)!;
    return { sources: { checkpoint: checkpoints.get(checkpoint)!, data: digest }, majority: majorityShare(labels) };
  };
  mkdirSync(directory, { recursive: true });
  const doneCells = (): readonly DoneCell[] => cells.flatMap((cell) => (outcomes.has(cell) ? [{ cell, outcome: outcomes.get(cell)! }] : []));
  const running = new Set<Cell>();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const cell of waiting) {
      if (signal?.aborted) return;
      waiting.delete(cell);
      running.add(cell);
      try {
        const outcome = await runCell(cell, folder(cell), inputsOf(cell), {
          command,
          jobs,
          threads: Math.max(1, Math.floor(availableParallelism() / jobs)),
          ...given({ signal, onNotice }),
        });
        running.delete(cell);
        if (!outcome) return;
        outcomes.set(cell, outcome);
        const left = secondsLeft([...waiting, ...running], doneCells()) / jobs;
        onCell?.({ cell, outcome }, { done: outcomes.size, of: cells.length, secondsLeft: left });
      } catch (error) {
        running.delete(cell);
        failures.push(error);
        onNotice?.((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  const done = doneCells();
  const report = join(directory, 'report.html');
  const made = await studyReport(options, done, cells.length);
  writeFileSync(report, await renderReport(made));
  if (failures.length > 0) throw failure(failures);
  return { cells: done, of: cells.length, tables: made.tables, report };
}

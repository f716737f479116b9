import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HooklineError } from '@hookline/core';
import { replaceFile } from '@hookline/core/node';
import { whileRunning } from '../failures.js';
import { finetuneConfig } from '../finetune/config.js';
import { runFiles } from '../pretrain/files.js';
import type { Cell } from './cells.js';
import { hasFailed, type Outcome, outcomeSchema, type Sources } from './outcome.js';
import { type Ended, requireNoProcess, runProcess } from './run-process.js';

export interface CellOptions {
  /** The command that trains: program and arguments before `finetune`. */
  readonly command: readonly string[];
  /** Runs at a time; kept beside the result, as its time depends on it. */
  readonly jobs: number;
  /** Processor threads that the native engine may use, unless the environment says otherwise. */
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Told why there are no test predictions, where there is a test set. */
  readonly onNotice?: (text: string) => void;
}

/** What a cell is made of and judged by, besides its configuration. */
export interface CellInputs {
  readonly sources: Sources;
  /** Share of the commonest class in the set that is scored. */
  readonly majority: number;
}

const cellFiles = (directory: string) => ({
  config: join(directory, 'config.json'),
  run: join(directory, 'run'),
  predictions: join(directory, 'predictions'),
  result: join(directory, 'result.json'),
  pid: join(directory, 'pid'),
});

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new HooklineError('HOOKLINE_STUDY', `${path} cannot be read (${code ?? message})`, {
      hint: 'remove result.json beside it, or itself, and the run is made again',
      cause,
    });
  }
}

/**
 * The result of a cell that is done; undefined before.
 * @throws HooklineError `HOOKLINE_STUDY` where it was done with other settings, or is damaged
 */
export function readOutcome(directory: string, cell: Cell): Outcome | undefined {
  const { result, config } = cellFiles(directory);
  if (!existsSync(result)) return undefined;
  const before = finetuneConfig.safeParse(readJson(config)); // a key that came later has its default
  if (JSON.stringify(before.data) !== JSON.stringify(cell.config)) {
    throw new HooklineError('HOOKLINE_STUDY', `${directory} was run with other settings`, {
      hint: 'give the settings that the study began with (its config.json says them), or choose another --out',
    });
  }
  const outcome = outcomeSchema.safeParse(readJson(result));
  if (outcome.success) return outcome.data;
  throw new HooklineError('HOOKLINE_STUDY', `${result} is no result of a run`, { hint: 'remove it, and the run is made again', cause: outcome.error });
}

/**
 * Refuses a result that was made of another checkpoint or of other data than are there now. One of before digests were kept, and a source of which none is
 * known now, are taken as they are.
 * @throws HooklineError `HOOKLINE_STUDY`
 */
export function requireSameSources(directory: string, { config }: Cell, { sources: before }: Outcome, now: Partial<Sources>): void {
  const changed = (['checkpoint', 'data'] as const).find((source) => before && now[source] !== undefined && before[source] !== now[source]);
  if (changed === undefined) return;
  throw new HooklineError('HOOKLINE_STUDY', `the ${changed} '${config[changed]}' is no longer what ${directory} was run with`, {
    hint: 'bring it back as it was, or choose another --out',
  });
}

interface TrainedLine {
  readonly set: string;
  readonly peakMemory: number;
  readonly seeds: readonly {
    readonly metrics: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
    readonly best: number | null;
    readonly seconds: number;
    readonly processorSeconds: number;
  }[];
}

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function trainedOutcome({ out }: Ended, majority: number): Omit<Outcome, 'jobs'> {
  const { set, peakMemory, seeds } = JSON.parse(out) as TrainedLine;
  const { metrics: bySet, best, seconds, processorSeconds } = seeds[0]!;
  const metrics = bySet[set]!;
  return {
    score: finite(metrics['score']),
    best: finite(best),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, finite(value)])),
    failed: hasFailed(metrics, majority),
    seconds,
    processorSeconds,
    peakMemory,
  };
}

/** What a run says whose loss became infinite or no number: nothing to mend, but what a study of stability is after. */
const diverged = ({ code, err }: Ended): boolean => code !== 0 && err.includes('[HOOKLINE_NOT_FINITE]');

const said = ({ err }: Ended): string => err.replace(/^hookline: /, '');

const endOf = (ended: Ended): string => said(ended) || (ended.killedBy ? `it was ended by ${ended.killedBy}` : `it ended with code ${ended.code}`);

/**
 * Trains a cell in a process of its own, from the start, and predicts the test set where there is one. Its result is written last: a cell without one is done
 * again. Checkpoints are removed, the predictions stay. A run that diverges has a result too: without a score, failed.
 * @returns undefined where it was interrupted
 * @throws HooklineError `HOOKLINE_STUDY` where the process failed, with what it said, or one of before still works here
 */
export async function runCell(cell: Cell, directory: string, { sources, majority }: CellInputs, options: CellOptions): Promise<Outcome | undefined> {
  const { command, jobs, signal, onNotice } = options;
  const files = cellFiles(resolve(directory)); // as its processes are told, so that they are known again from elsewhere
  requireNoProcess(files.pid, files.run);
  for (const path of [files.run, files.predictions]) rmSync(path, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(files.config, `${JSON.stringify(cell.config, undefined, 2)}\n`);
  const start = (...args: readonly string[]): Promise<Ended> => runProcess([...command, ...args], { ...options, pidFile: files.pid });
  const finish = async (made: Omit<Outcome, 'jobs'>): Promise<Outcome> => {
    rmSync(runFiles(files.run).checkpoints, { recursive: true, force: true });
    const outcome: Outcome = { ...made, jobs, sources };
    await replaceFile(cell.name, files.result, `${JSON.stringify(outcome)}\n`);
    return outcome;
  };
  const trained = await start('finetune', '--config', files.config, '--run', files.run, '--json');
  if (signal?.aborted || trained.code === 130) return undefined;
  if (diverged(trained)) {
    return finish({ score: null, best: null, metrics: {}, failed: true, brokeOff: said(trained), seconds: null, peakMemory: null });
  }
  if (trained.code !== 0) {
    const failure = new HooklineError('HOOKLINE_STUDY', `${cell.name} failed: ${endOf(trained)}`, {
      hint: 'mend it and start the study again: what is done stays',
    });
    throw trained.code === 2 ? failure : whileRunning(failure);
  }
  const predicted = await start('predict', '--run', files.run, '--split', 'test', '--out', files.predictions, '--engine', cell.config.engine);
  if (signal?.aborted || predicted.code === 130) return undefined;
  const withoutTestSet = predicted.err.includes('[HOOKLINE_DATA_MISSING]');
  if (predicted.code !== 0 && !withoutTestSet) onNotice?.(`${cell.name}: no test predictions: ${endOf(predicted)}`);
  return finish(trainedOutcome(trained, majority));
}

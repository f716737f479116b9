import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import { writeSynced } from '@hookline/core/node';
import { whileRunning } from '../failures.js';
import { runFiles } from '../pretrain/files.js';
import type { Cell } from './cells.js';
import { hasFailed, type Outcome, outcomeSchema } from './outcome.js';

export interface CellOptions {
  /** The command that trains: program and arguments before `finetune`. */
  readonly command: readonly string[];
  /** Runs at a time; kept beside the result, as its time depends on it. */
  readonly jobs: number;
  /** Processor threads that the native engine may use, unless the environment says otherwise. */
  readonly threads: number;
  readonly signal?: AbortSignal;
}

const configText = ({ config }: Cell): string => `${JSON.stringify(config, undefined, 2)}\n`;

/**
 * The result of a cell that is done; undefined before.
 * @throws HooklineError `HOOKLINE_STUDY` where it was done with other settings
 */
export function readOutcome(directory: string, cell: Cell): Outcome | undefined {
  const path = join(directory, 'result.json');
  if (!existsSync(path)) return undefined;
  if (readFileSync(join(directory, 'config.json'), 'utf8') !== configText(cell)) {
    throw new HooklineError('HOOKLINE_STUDY', `${directory} was run with other settings`, {
      hint: 'give the settings that the study began with (its config.json says them), or choose another --out',
    });
  }
  return outcomeSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Runs a command to its end; answers with its output. */
function runProcess(
  command: readonly string[],
  args: readonly string[],
  { threads, signal }: CellOptions,
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const [program, ...before] = command;
  const child = spawn(program!, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { TF_NUM_INTRAOP_THREADS: String(threads), ...process.env },
    ...(signal ? { signal, killSignal: 'SIGTERM' } : {}),
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out = `${out}${data}`.split('\n').slice(-3).join('\n'); // the result is the last line
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => (signal?.aborted ? resolve({ code: 130, out, err }) : reject(error)));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

interface TrainedLine {
  readonly event: string;
  readonly set: string;
  readonly peakMemory: number;
  readonly seeds: readonly {
    readonly metrics: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
    readonly best: number | null;
    readonly seconds: number;
    readonly processorSeconds: number;
  }[];
}

/**
 * Trains a cell in a process of its own, from the start, and predicts the test set where there is one. Its result is written last: a cell without one is done
 * again. Checkpoints are removed, the predictions stay.
 * @param majority share of the commonest class in the set that is scored
 * @returns undefined where it was interrupted
 * @throws HooklineError `HOOKLINE_STUDY` where the process failed, with what it said
 */
export async function runCell(cell: Cell, directory: string, majority: number, options: CellOptions): Promise<Outcome | undefined> {
  const run = join(directory, 'run');
  const config = join(directory, 'config.json');
  rmSync(run, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(config, configText(cell));
  const { code, out, err } = await runProcess(options.command, ['finetune', '--config', config, '--run', run, '--json'], options);
  if (options.signal?.aborted || code === 130) return undefined;
  if (code !== 0) {
    const failure = new HooklineError('HOOKLINE_STUDY', `${cell.name} failed: ${err.trim().split('\n').at(-1) || `it ended with code ${code}`}`, {
      hint: 'mend it and start the study again: what is done stays',
    });
    throw code === 2 ? failure : whileRunning(failure);
  }
  const trained = JSON.parse(out.trim().split('\n').at(-1)!) as TrainedLine;
  const [seed] = trained.seeds;
  const metrics = seed!.metrics[trained.set]!;
  // A test set that is not there is no failure of the cell.
  await runProcess(
    options.command,
    ['predict', '--run', run, '--split', 'test', '--out', join(directory, 'predictions'), '--engine', cell.config.engine],
    options,
  );
  if (options.signal?.aborted) return undefined;
  rmSync(runFiles(run).checkpoints, { recursive: true, force: true });
  const outcome: Outcome = {
    score: finite(metrics['score']),
    best: finite(seed!.best),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, finite(value)])),
    failed: hasFailed(metrics, majority),
    seconds: seed!.seconds,
    processorSeconds: seed!.processorSeconds,
    peakMemory: trained.peakMemory,
    jobs: options.jobs,
  };
  const path = join(directory, 'result.json');
  await writeSynced(`${path}.tmp`, [new TextEncoder().encode(`${JSON.stringify(outcome)}\n`)]);
  renameSync(`${path}.tmp`, path);
  return outcome;
}

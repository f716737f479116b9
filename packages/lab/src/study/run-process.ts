import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { HooklineError } from '@hookline/core';
import { systemCode } from '@hookline/core/node';

export interface ProcessOptions {
  /** Processor threads that the native engine may use, unless the environment says otherwise. */
  readonly threads: number;
  /** Holds the number of the process while it runs, for whoever comes after a program that was killed and left its child behind. */
  readonly pidFile: string;
  /** Ends the process by SIGTERM; the promise waits for its end. */
  readonly signal?: AbortSignal;
}

export interface Ended {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** The last line of either stream. */
  readonly out: string;
  readonly err: string;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)!;

/** Runs a command to its end. @throws what the system says where it cannot be started */
export function runProcess(command: readonly string[], { threads, pidFile, signal }: ProcessOptions): Promise<Ended> {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { TF_NUM_INTRAOP_THREADS: String(threads), ...process.env } });
  if (child.pid !== undefined) writeFileSync(pidFile, `${child.pid}\n`);
  const end = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', end);
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out = `${out}${data}`.split('\n').slice(-3).join('\n'); // a run tells a line a step
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  return new Promise<Ended>((resolve, reject) => {
    child.on('error', (error) => child.pid === undefined && reject(error)); // else it runs, and could not be signalled
    child.on('close', (code, killedBy) => resolve({ code, killedBy, out: lastLine(out), err: lastLine(err) }));
    if (signal?.aborted) end();
  }).finally(() => {
    signal?.removeEventListener('abort', end);
    rmSync(pidFile, { force: true });
  });
}

/** Whether a process runs; where the system shows command lines, whether it is one with this argument, as numbers are given out again. */
function isRunning(pid: number, argument: string): boolean {
  if (existsSync('/proc/self/cmdline')) {
    const path = `/proc/${pid}/cmdline`;
    return existsSync(path) && readFileSync(path, 'utf8').split('\0').includes(argument);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/**
 * Refuses to begin beside a process that `runProcess` began and that still runs: one that outlived its program, or that another program waits for.
 * @param argument one that such a process was given, and no other
 * @throws HooklineError `HOOKLINE_STUDY`
 */
export function requireNoProcess(pidFile: string, argument: string): void {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  if (!Number.isInteger(pid) || pid < 1 || !isRunning(pid, argument)) return;
  throw new HooklineError('HOOKLINE_STUDY', `process ${pid} of another study, or of one that was killed, still works in ${argument}`, {
    hint: `wait for its end, or end it; where it is no run of a study, remove ${pidFile}`,
  });
}

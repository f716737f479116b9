import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HooklineError } from '@hookline/core';

/** A program that answers each line on its stdin with one line of JSON on its stdout. */
export interface LineProcess {
  /** The first line, which it sends unasked once it is ready. */
  readonly greeting: unknown;
  ask(command: unknown): Promise<unknown>;
  /** Ends it; resolves when it is gone. */
  close(): Promise<void>;
}

export interface LineProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** How an error calls it, e.g. `PyTorch (eager)`. */
  readonly name: string;
  /** Code of its errors. */
  readonly code: 'HOOKLINE_TORCH' | 'HOOKLINE_BENCH_PROCESS';
  readonly hint: string;
}

/**
 * Starts a program and waits for its greeting.
 * @throws HooklineError of the code given, when it cannot be started, ends early or answers with anything but JSON; later answers fail likewise
 */
export async function lineProcess({ command, args, name, code, hint }: LineProcessOptions): Promise<LineProcess> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  let fault: Error | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4000);
  });
  child.stdin.on('error', () => undefined); // its end is told by 'close'
  const gone = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      fault = error;
      resolve();
    });
    child.on('close', () => resolve());
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const fail = (what: string): HooklineError => new HooklineError(code, `${name} ${what}`, { hint });

  async function answer(): Promise<unknown> {
    const { value, done } = await lines.next();
    if (done) {
      await gone;
      const last = complaint.trim().split('\n').at(-1);
      throw fail(
        fault
          ? `did not start: ${fault.message}`
          : `ended${child.exitCode === null ? ` by ${child.signalCode}` : ` with exit code ${child.exitCode}`}${last ? `: ${last}` : ''}`,
      );
    }
    try {
      return JSON.parse(value);
    } catch {
      throw fail(`answered with what is not JSON: ${value.slice(0, 80)}`);
    }
  }

  return {
    greeting: await answer(),
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer();
    },
    async close() {
      child.stdin.end();
      child.kill();
      await gone;
    },
  };
}

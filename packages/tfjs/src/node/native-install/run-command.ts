import { spawn } from 'node:child_process';

export interface CommandResult {
  /** The exit code; 127 where there is no such program, 128 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

const kept = 64 * 1024;
const tail = (text: string): string => text.slice(-kept);

/** Runs a program to its end, without a shell and without input. Never throws: how it ended is in the answer; of long output the end is kept. */
export function runCommand(command: string, args: readonly string[], { cwd, environment = process.env }: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = tail(stdout + text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = tail(stderr + text);
    });
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
  });
}

/** What a line of a failed program's output tells: why the network failed says more than that nothing was found, and that more than the last lines. */
const telling = [
  /no space left|ENOSPC/i,
  /connection broken by|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|timed out|certificate|name resolution|proxy/i,
  /error|cannot|not found|failed|refused/i,
  /./,
];

/** The lines of a failed program's output that say most, at most `count`, as one line. */
export function essence({ stdout, stderr }: CommandResult, count = 2): string {
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^npm (warn|notice)/i.test(line));
  for (const pattern of telling) {
    const found = lines.filter((line) => pattern.test(line));
    if (found.length > 0) return found.slice(-count).join(' | ');
  }
  return 'it printed nothing';
}

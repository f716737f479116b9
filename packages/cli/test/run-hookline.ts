import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const binary = join(import.meta.dirname, '..', 'bin', 'hookline.js');

/** How a run of the real binary ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  /** Lines of stderr. */
  readonly err: readonly string[];
}

export interface RunOptions {
  readonly cwd: string;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Largest file that the process may write, in KiB: what a full disk looks like to a program, for anybody who runs the tests. */
  readonly fileLimit?: number;
  /** Sees the process and what it has printed so far, at each output. */
  readonly onOutput?: (child: ChildProcess, out: string) => void;
}

/** Runs `node bin/hookline.js` as a user's shell would. */
export function hookline(args: readonly string[], { cwd, env, fileLimit, onOutput }: RunOptions): Promise<Ended> {
  const command = [process.execPath, binary, ...args];
  const [file, ...rest] = fileLimit === undefined ? command : ['bash', '-c', `ulimit -f ${fileLimit}; exec "$@"`, 'bash', ...command];
  const child = spawn(file!, rest, { cwd, env: { ...process.env, HOOKLINE_DEBUG: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out += data;
    onOutput?.(child, out);
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err: err.split('\n').filter((line) => line !== '') }));
  });
}

/** Every file under a directory with a hash of its bytes. */
export function snapshot(directory: string): Readonly<Record<string, string>> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  return Object.fromEntries(files.map(({ entry, path }) => [relative(directory, path), entry.isFile() ? hash(path) : 'directory']).sort());
}

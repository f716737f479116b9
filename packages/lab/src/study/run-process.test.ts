import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { requireNoProcess, runProcess } from './run-process.js';

function folder(): { readonly pidFile: string; readonly mark: string } {
  const path = mkdtempSync(join(tmpdir(), 'hookline-process-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return { pidFile: join(path, 'pid'), mark: join(path, 'run') };
}

/** A program of its own that is given `mark`, as the trainer is given the directory of its run. */
const node = (program: string, mark: string): readonly string[] => [process.execPath, '-e', program, mark];

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

it('answers with the code and the last line of each stream', async () => {
  const { pidFile, mark } = folder();
  const program = `for (let i = 0; i < 9; i++) console.log('step ' + i); console.error('one'); console.error('two'); process.exitCode = 3`;
  expect(await runProcess(node(program, mark), { threads: 1, pidFile })).toEqual({ code: 3, killedBy: null, out: 'step 8', err: 'two' });
  expect(existsSync(pidFile)).toBe(false);
});

it('says where a command cannot be started', async () => {
  const { pidFile } = folder();
  await expect(runProcess(['/nowhere/hookline'], { threads: 1, pidFile })).rejects.toThrow(/ENOENT/);
});

it('ends the process when it is told to, and waits for its end', async () => {
  const { pidFile, mark } = folder();
  const program = `process.on('SIGTERM', () => setTimeout(() => { require('fs').writeFileSync(process.argv[1], ''); process.exit(130); }, 200));
    setInterval(() => {}, 1000); require('fs').writeFileSync(process.argv[1] + '-ready', '')`;
  const controller = new AbortController();
  const ended = runProcess(node(program, mark), { threads: 1, pidFile, signal: controller.signal });
  await until(() => existsSync(`${mark}-ready`));
  controller.abort();
  expect(await ended).toMatchObject({ code: 130 });
  expect(existsSync(mark)).toBe(true);
});

it('refuses to begin beside a process that was left behind, and minds no number of another program', async () => {
  const { pidFile, mark } = folder();
  expect(() => requireNoProcess(pidFile, mark)).not.toThrow();
  const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark], { stdio: 'ignore' });
  onTestFinished(() => void left.kill('SIGKILL'));
  writeFileSync(pidFile, `${left.pid}\n`);
  // Between fork and exec the process has the command line of this one.
  await until(() => !existsSync('/proc') || readFileSync(`/proc/${left.pid}/cmdline`, 'utf8').includes(mark));
  expect(() => requireNoProcess(pidFile, mark)).toThrow(new RegExp(`\\[?process ${left.pid} of another study.* still works in .*run; wait for its end`));
  if (existsSync('/proc')) expect(() => requireNoProcess(pidFile, `${mark}-2`)).not.toThrow();
  left.kill('SIGKILL');
  await new Promise((resolve) => left.once('exit', resolve));
  expect(() => requireNoProcess(pidFile, mark)).not.toThrow();
});

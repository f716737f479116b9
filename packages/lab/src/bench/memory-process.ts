import { fileURLToPath } from 'node:url';
import { HooklineError } from '@hookline/core';
import { lineProcess } from './line-process.js';
import type { MemoryAnswer, MemoryRun, MemorySetup } from './memory-run.js';

/** `memoryRun` in a fresh process. @throws HooklineError as it does, and HOOKLINE_BENCH_PROCESS where the process ends without an answer */
export async function memoryOf(name: string, setup: MemorySetup): Promise<MemoryRun> {
  const script = fileURLToPath(new URL('../../bench/memory_run.mjs', import.meta.url));
  const hint = 'give a smaller model or batch if memory ran out; else report it as a bug';
  const child = await lineProcess({
    command: process.execPath,
    args: [script, JSON.stringify(setup)],
    name: `training ${name}`,
    code: 'HOOKLINE_BENCH_PROCESS',
    hint,
  });
  await child.close();
  const answer = child.greeting as MemoryAnswer;
  if ('error' in answer) throw new HooklineError(answer.error.code as `HOOKLINE_${string}`, answer.error.message);
  return answer;
}

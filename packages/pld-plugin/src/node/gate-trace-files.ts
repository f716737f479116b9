import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { definePlugin, during, HooklineError } from '@hookline/core';
import * as z from 'zod';
import { formatTraceLine, type GateTrace, parseTrace } from '../trace.js';

/**
 * Reads a trace of JSON lines, one step a line (`traceLineSchema`).
 * @throws HooklineError `HOOKLINE_GATE_TRACE` when there is no such file or a line of it is wrong
 */
export function readGateTrace(path: string): GateTrace {
  if (!existsSync(path))
    throw new HooklineError('HOOKLINE_GATE_TRACE', `there is no gate trace at ${path}`, { hint: 'write one with the plugin writeGateTrace' });
  return parseTrace(readFileSync(path, 'utf8'));
}

/** The complete lines of a trace before `step`; what a killed run wrote after its last checkpoint is left behind. */
function linesBefore(path: string, step: number): string[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, step) : [];
  const complete = lines.length === step && lines.every((line, i) => line.startsWith(`{"step":${i},`) && line.endsWith('}'));
  if (complete || step === 0) return lines;
  throw new HooklineError('HOOKLINE_GATE_TRACE', `the gate trace at ${path} does not hold steps 0 to ${step - 1}, so the run cannot add step ${step}`, {
    hint: 'give another path, or put the trace of the run so far there',
  });
}

/**
 * Writes the executed gates of each step to a file of JSON lines, `gates.jsonl` in the run directory unless a path is given. A resumed run
 * cuts the file back to its first step and goes on.
 */
export const writeGateTrace = definePlugin({
  name: 'write-gate-trace',
  options: z.strictObject({ path: z.string().min(1).optional() }),
  hooks: ({ path }, run) => {
    const file = path ?? (run.directory === undefined ? undefined : join(run.directory, 'gates.jsonl'));
    if (file === undefined)
      throw new HooklineError('HOOKLINE_GATE_TRACE', 'the gate trace has no place to go', { hint: 'give it a path, or the trainer a run directory' });
    let begun = false;
    return {
      onStep: during('end', (step) => {
        if (!begun) {
          const kept = linesBefore(file, step.index);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, kept.map((line) => `${line}\n`).join(''));
          begun = true;
        }
        appendFileSync(file, `${formatTraceLine(step.index, step.gates)}\n`);
        return step;
      }),
    };
  },
});

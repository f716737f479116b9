import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { HooklineError } from '../errors.js';
import { during } from '../hooks/during.js';
import type { RunContext } from '../plugin.js';
import { Clock, Logger } from '../services.js';
import type { News } from '../trainer-types.js';
import { writeError } from './durable-files.js';
import { type MetricsKind, metricsLine } from './metrics-lines.js';

/** Puts bytes at a place in a file; a failed write before left nothing behind it that counts. */
function writeAt(path: string, offset: number, bytes: Uint8Array): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w');
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, offset + done);
  } finally {
    closeSync(file);
  }
}

/** The first so many whole lines of a file, or all where it has fewer: how many, and where they end in bytes. */
function wholeLines(path: string, wanted: number): { readonly lines: number; readonly offset: number } {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  let [lines, offset] = [0, 0];
  while (lines < wanted) {
    const end = bytes.indexOf(0x0a, offset);
    if (end < 0) break;
    lines += 1;
    offset = end + 1;
  }
  return { lines, offset };
}

/** How every line begins. */
const beginning = '{"event":';

/** Refuses to write over a file that no run wrote. */
function checkOwn(path: string): void {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  const head = Buffer.alloc(beginning.length);
  const length = readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (beginning.startsWith(head.toString('utf8', 0, length))) return;
  throw new HooklineError('HOOKLINE_METRICS_FILE', `${path} exists and is no metrics file`, { hint: 'give metricsFile another path' });
}

/** Cuts the file back to what the checkpoint knew of. Answers with where to go on. */
function cutBack(path: string, wanted: number, run: RunContext): ReturnType<typeof wholeLines> {
  mkdirSync(dirname(path), { recursive: true });
  checkOwn(path);
  const found = wholeLines(path, wanted);
  if (found.lines < wanted) run.service(Logger).warn(`${path} has ${found.lines} lines where ${wanted} were written before step ${run.resumedAt}`);
  if (existsSync(path)) truncateSync(path, found.offset);
  return found;
}

const failing = <X>(path: string, write: () => X): X => {
  try {
    return write();
  } catch (cause) {
    throw writeError('metrics file', path, cause);
  }
};

/**
 * Writes a JSON line for every step, evaluation and checkpoint to `path` (default: `metrics.jsonl` in the run directory); read them
 * with `readMetrics`. Each checkpoint holds how many lines there were: a resumed run cuts the file back to these, so that it ends up as
 * that of a run that was never interrupted, but for the times. A run from the start begins the file anew.
 *
 * A line that cannot be written ends the run at the next step.
 */
export const metricsFile = definePlugin({
  name: 'metrics-file',
  options: z.strictObject({ path: z.string().min(1).exactOptional() }),
  state: { version: 1, schema: z.strictObject({ lines: z.int().nonnegative() }), initial: () => ({ lines: 0 }) },
  hooks: ({ path }, run, state) => {
    const file = path ?? (run.directory === undefined ? undefined : join(run.directory, 'metrics.jsonl'));
    if (file === undefined)
      throw new HooklineError('HOOKLINE_OPTIONS', "plugin 'metrics-file' has nowhere to write", { hint: 'give it a path, or the trainer a run directory' });
    const clock = run.service(Clock);
    let failure: unknown;

    const begun = failing(file, () => cutBack(file, state.get().lines, run));
    state.set({ lines: begun.lines });
    let { offset } = begun;

    const append = <K extends MetricsKind>(kind: K, news: News[K]): void => {
      const bytes = new TextEncoder().encode(metricsLine(kind, news, clock.now()));
      failing(file, () => writeAt(file, offset, bytes));
      offset += bytes.length;
      state.set({ lines: state.get().lines + 1 });
    };
    const follow = <K extends MetricsKind>(kind: K): void => {
      run.on(kind, (news) => {
        if (failure !== undefined) return;
        try {
          append(kind, news);
        } catch (error) {
          failure = error;
          throw error;
        }
      });
    };

    if (run.resumedAt > 0) append('checkpoint', { step: run.resumedAt });
    follow('step');
    follow('evaluation');
    follow('checkpoint');
    return {
      onStep: during('begin', (step) => {
        if (failure !== undefined) throw failure;
        return step;
      }),
    };
  },
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tap } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import { HooklineError } from '../errors.js';
import { eachBlock } from '../hooks/during.js';
import { Clock, Logger } from '../services.js';
import { writeError } from './durable-files.js';
import { createMarker, type Profile, profileTable, type Span } from './profile.js';
import { traceText } from './trace-events.js';

/** The table as lines for a terminal. */
export function profileLines(profile: Profile): readonly string[] {
  const { columns, rows } = profileTable(profile);
  const all = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '));
}

/**
 * Measures where the time of a run goes, by part and by block, and writes a trace of its first steps for chrome://tracing or ui.perfetto.dev. The table is
 * logged at the end and stands in the trace file: `readProfile`. A resumed run writes the file anew, for its own steps.
 *
 * What hooks can see, and what not:
 * - a block's forward pass by itself; its backward pass not: that of all blocks is one part with the head and the loss, from the last block's end to the gradients
 * - the reading of data, by news of it; the first layers, from there to the first block
 * - the optimizer with what plugins do to gradients, for these are often lazy and computed there
 * - what other plugins do at a block's border lies outside the block, but for their answers to `enter`
 * - on an engine that computes later than it is asked (GPUs), time stands where somebody waits: `synchronize` reads a norm at each border, which costs a read each
 *   time, and makes the parts true
 */
export const profiler = definePlugin({
  name: 'profiler',
  options: z.strictObject({
    /** Default: `trace.json` in the run directory. */
    path: z.string().min(1).exactOptional(),
    /** Steps that the trace shows, from the first of this process; default 100. The table is of all. */
    traceSteps: z.int().nonnegative().default(100),
    /** Whether to wait for the device at each border; default false. */
    synchronize: z.boolean().default(false),
    /** Whether the table is logged at the end; default true. */
    log: z.boolean().default(true),
  }),
  order: () => ({ stage: -1000 }),
  hooks: ({ path, traceSteps, synchronize, log }, run) => {
    const file = path ?? (run.directory === undefined ? undefined : join(run.directory, 'trace.json'));
    if (file === undefined) {
      throw new HooklineError('HOOKLINE_OPTIONS', "plugin 'profiler' has nowhere to write", { hint: 'give it a path, or the trainer a run directory' });
    }
    const write = (spans: readonly Span[], profile: Profile): void => {
      try {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, traceText(spans, profile));
      } catch (cause) {
        throw writeError('trace', file, cause);
      }
    };
    const spans: Span[] = [];
    const clock = run.service(Clock);
    const marker = createMarker(clock, (span) => {
      if (span.step < run.resumedAt + traceSteps) spans.push(span);
    });
    write([], marker.profile()); // what cannot be written is known before the run

    let micro = 0;
    const wait = (tensor: unknown): void => {
      if (synchronize) run.algebra.norm(tensor);
    };
    run.on('batches', ({ seconds }) => {
      const now = clock.seconds();
      marker.mark('other', 'other', now - seconds);
      marker.mark('data', 'data', now);
    });
    run.on('checkpoint', () => marker.mark('checkpoint'));
    run.on('end', () => {
      marker.mark('other');
      const profile = marker.profile();
      write(spans, profile);
      if (log) for (const line of [`${profile.steps} steps in ${profile.seconds.toFixed(2)} s:`, ...profileLines(profile)]) run.service(Logger).info(line);
    });
    return {
      onStep: (source) =>
        source.pipe(
          tap((step) => {
            if (step.phase === 'begin') {
              marker.mark('other');
              marker.step(step.index);
              micro = 0;
            } else if (step.phase === 'gradients') {
              if (synchronize) step.gradients.norm();
              marker.mark('backward');
            } else marker.mark('optimizer');
          }),
        ),
      onForwardBlock: eachBlock((call) => {
        if (call.mode === 'evaluate') return call;
        if (call.phase === 'enter') {
          wait(call.input);
          marker.mark(call.micro === micro ? 'stem' : 'backward');
          micro = call.micro;
        } else if (call.gate.active) {
          wait(call.output);
          marker.mark('block', call.name);
        }
        return call;
      }),
      onEval: (source) =>
        source.pipe(
          tap(({ phase, set }) => {
            if (phase === 'evalBegin') marker.mark('other');
            else marker.mark('evaluation', set);
          }),
        ),
    };
  },
});

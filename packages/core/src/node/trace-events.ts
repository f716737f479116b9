import { readFile } from 'node:fs/promises';
import { HooklineError } from '../errors.js';
import type { Profile, Span } from './profile.js';

/** A complete event ('X') of the Trace Event Format: times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: 'X' | 'M';
  readonly pid: 1;
  readonly tid: 1;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

const named = (what: 'process_name' | 'thread_name', name: string): TraceEvent => ({ name: what, cat: '__metadata', ph: 'M', pid: 1, tid: 1, args: { name } });

const complete = (name: string, cat: string, from: number, to: number, step: number): TraceEvent => ({
  name,
  cat,
  ph: 'X',
  pid: 1,
  tid: 1,
  ts: Math.round(1e6 * from),
  dur: Math.round(1e6 * to) - Math.round(1e6 * from),
  args: { step },
});

/** Parts that lie inside a training step. */
const inside = new Set<Span['part']>(['data', 'stem', 'block', 'backward', 'optimizer']);

/**
 * A trace in the Trace Event Format (Google, "Trace Event Format", JSON Object Format), which chrome://tracing and ui.perfetto.dev open: an event for each span,
 * in a larger one for each step. `otherData.profile` holds the whole table.
 */
export function traceText(spans: readonly Span[], profile: Profile): string {
  const origin = spans[0]?.from ?? 0;
  const steps = new Map<number, { from: number; to: number }>();
  for (const { part, step, from, to } of spans) if (inside.has(part)) steps.set(step, { from: steps.get(step)?.from ?? from, to });
  const events = [
    named('process_name', 'hookline'),
    named('thread_name', 'training'),
    ...[...steps].map(([step, { from, to }]) => complete(`step ${step}`, 'step', from - origin, to - origin, step)),
    ...spans.map(({ name, part, from, to, step }) => complete(name, part, from - origin, to - origin, step)),
  ];
  return `${JSON.stringify({ displayTimeUnit: 'ms', otherData: { profile }, traceEvents: events })}\n`;
}

/**
 * The table that the plugin `profiler` left in a trace file.
 * @throws HooklineError `HOOKLINE_TRACE_FILE` where there is none
 */
export async function readProfile(path: string): Promise<Profile> {
  try {
    const { otherData } = JSON.parse(await readFile(path, 'utf8')) as { otherData: { profile: Profile } };
    return otherData.profile;
  } catch (cause) {
    throw new HooklineError('HOOKLINE_TRACE_FILE', `cannot read a profile from ${path}`, { hint: 'give the trace.json of a run with the profiler', cause });
  }
}

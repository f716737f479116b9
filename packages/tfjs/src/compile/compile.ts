import { parseOptions } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { isolated, nested, recording as taping } from '../learner/tape.js';
import { releaseGraph } from './graphs.js';
import { Refusal } from './hazards.js';
import { type NativeBackend, nativeBackend } from './native.js';
import { agrees, type Flat, type Recording, record } from './recording.js';
import { replay } from './replay.js';
import { forget, keepStatistics, type Refused } from './statistics.js';
import { structureOf } from './structure.js';
import { tracing } from './trace.js';
import { undoAssignments } from './watch.js';

const compileOptions = z.strictObject({
  /** How the function is called in warnings and statistics; by default its own name. */
  name: z.string().optional(),
  /** Recordings kept for it, one for each combination of shapes, dtypes and other values in the arguments; the one used longest ago goes first. */
  limit: z.int().min(1).default(16),
  /** Receives a line when the function is refused; `console.warn` by default. */
  warn: z.custom<(line: string) => void>((f) => typeof f === 'function', 'a function that takes a line').optional(),
});

export type CompileOptions = z.input<typeof compileOptions>;

let enabled = true;
/** A function is in its rehearsal: what is compiled inside it runs op by op. */
let rehearsing = false;

/**
 * Switches compiled functions off, so that they run op by op, or on again, and answers with what held before: to look for a fault, or to measure. What
 * was recorded stays.
 */
export function setCompiling(on: boolean): boolean {
  const before = enabled;
  enabled = on;
  return before;
}

const compiled = new WeakMap<object, () => void>();

/**
 * The same function, faster: on the native engine it is recorded, with its gradient, the first time that it is called with a combination of
 * shapes and dtypes, and replayed afterwards as TensorFlow graphs. On any other engine the answer is `fn` itself.
 *
 * `fn` must be pure: what it answers depends on its arguments, tensors in arrays and plain objects, and on `tf.Variable`s, which may change. It may
 * assign them, as a batch normalization does its moving averages. Numbers and strings among the arguments are part of the combination. What cannot be
 * replayed is refused with the reason in one warning and runs op by op: other captured tensors, values read in JavaScript, random numbers without a seed
 * that is an argument, ops with a state, shapes that depend on values, empty tensors. The second call with a combination is recorded once more, to
 * compare: numbers that change from call to call are found so. Op by op too, without a word: empty arguments, a gradient of a gradient, and a function
 * compiled inside another (the outer one's graph contains it). Before all this its very first call runs it once for what it makes then, as layers of
 * tf.layers do their variables.
 * @throws HooklineError HOOKLINE_OPTIONS
 */
export const compile = <A extends readonly unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}): ((...args: A) => R) =>
  compileFunction(fn, options, true);

/** As `compile`; `makes` says whether the function may make something when it is first called. */
export function compileFunction<A extends readonly unknown[], R>(fn: (...args: A) => R, options: CompileOptions, makes: boolean): (...args: A) => R {
  const parsed = parseOptions('compile', compileOptions, options);
  const backend = nativeBackend();
  if (!backend) return fn;
  const { name = fn.name || 'a function', limit, warn = console.warn } = parsed;
  const recordings = new Map<string, Recording | Refused>();
  /** Keys whose recording was compared with a later call. */
  const confirmed = new Set<string>();
  const statistics = keepStatistics(name);
  let called = !makes;

  const keep = (key: string, found: Recording | Refused): Recording | Refused => {
    recordings.set(key, found);
    statistics.recorded(key, found);
    if ('reason' in found) warn(`compile: ${name} runs op by op: ${found.reason}`);
    for (const [oldest, recording] of recordings) {
      if (recordings.size <= limit) break;
      drop(oldest, recording);
    }
    return found;
  };
  const drop = (key: string, recording: Recording | Refused): void => {
    recordings.delete(key);
    confirmed.delete(key);
    statistics.freed(key);
    if ('reason' in recording) return;
    releaseGraph(backend.binding, recording.forward);
    if (recording.backward) releaseGraph(backend.binding, recording.backward.graph);
  };

  const lookUp = (key: string, args: readonly tf.Tensor[], flat: Flat): Recording | Refused => {
    const found = recordings.get(key);
    if (!found) return keep(key, attempt(backend, args, flat));
    if (!('reason' in found) && !confirmed.has(key)) {
      const refused = confirm(backend, found, args, flat);
      if (refused) {
        drop(key, found);
        return keep(key, refused);
      }
      confirmed.add(key);
    }
    recordings.delete(key); // moved to the young end
    recordings.set(key, found);
    return found;
  };

  const replayed = (...args: A): R => {
    const given = !enabled || rehearsing || tracing() || nested() || nativeBackend() !== backend ? undefined : structureOf(args);
    if (!given || given.tensors.some(({ size }) => size === 0)) return fn(...args); // graphs take no empty tensors: see trace.ts
    if (!called) rehearse(() => fn(...args));
    called = true;
    const recording = lookUp(given.key, given.tensors, (tensors) => fn(...(given.rebuild(tensors) as A)));
    if ('reason' in recording || (taping() && !recording.differentiable)) return fn(...args);
    statistics.replayed();
    return recording.result.rebuild(replay(backend, recording, given.tensors, name)) as R;
  };
  compiled.set(replayed, () => {
    for (const [key, recording] of recordings) drop(key, recording);
    forget(statistics);
  });
  return replayed;
}

/** Runs `f` for what it makes when it is first called: recorded, a refusal in its midst would leave half of that. What it assigns is undone. */
function rehearse(f: () => unknown): void {
  const restore = undoAssignments();
  rehearsing = true;
  try {
    isolated(() => tf.tidy(() => void f()));
  } finally {
    rehearsing = false;
    restore();
  }
}

function orRefused<X>(f: () => X): X | Refused {
  try {
    return f();
  } catch (error) {
    if (error instanceof Refusal) return { reason: error.message };
    throw error;
  }
}

const attempt = (backend: NativeBackend, args: readonly tf.Tensor[], flat: Flat): Recording | Refused => orRefused(() => record(backend, args, flat));

const confirm = (backend: NativeBackend, recording: Recording, args: readonly tf.Tensor[], flat: Flat): Refused | undefined =>
  orRefused(() =>
    agrees(backend, recording, args, flat) ? undefined : { reason: 'a later call did something else: numbers that it takes from outside must be arguments' },
  );

/** Frees the graphs of a compiled function; called again, it records anew. Does nothing for a function that `compile` gave back unchanged. */
export function freeCompiled(fn: (...args: never[]) => unknown): void {
  compiled.get(fn)?.();
}

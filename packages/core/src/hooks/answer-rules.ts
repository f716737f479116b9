import type { BlockCall, EvalEvent, StepEvent } from '../events.js';
import type { Gates } from '../gates.js';
import { didYouMean } from '../nearest.js';
import { gatesProblem, type Problem } from './gate-rules.js';

export type HookEvent = StepEvent | EvalEvent | BlockCall;

/** What a field that a plugin may change must be: a sentence where the value is not. */
type Field = (value: unknown, before: unknown) => Problem | undefined;

const must =
  (what: string, holds: (value: unknown) => boolean): Field =>
  (value) =>
    holds(value) ? undefined : { detail: `must be ${what}, and is ${typeof value === 'object' ? JSON.stringify(value) : String(value)}` };

const oneOf = (...names: readonly string[]): Field => must(names.map((name) => `'${name}'`).join(' or '), (value) => names.includes(value as string));
const rate = must('a finite number, 0 or greater', (value) => Number.isFinite(value) && (value as number) >= 0);
const yesNo = must('true or false', (value) => typeof value === 'boolean');
const text = must('a string or undefined', (value) => value === undefined || typeof value === 'string');
const callable = must('a function', (value) => typeof value === 'function');
const names = must('a list of names', (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'));
const scalars = must(
  'an object of numbers',
  (value) => typeof value === 'object' && value !== null && Object.values(value).every((number) => typeof number === 'number'),
);
const handle = must('a gradients handle', (value) => typeof (value as { clipNorm?: unknown } | null)?.clipNorm === 'function');
const tensor = must('a tensor', (value) => value !== undefined && value !== null && typeof (value as { then?: unknown }).then !== 'function');
const gates: Field = (value, before) => gatesProblem(before as Gates, value);

/** The fields that an answer may change, by phase; all others are read-only. */
const changeable: Readonly<Record<HookEvent['phase'], Readonly<Record<string, Field>>>> = {
  begin: {
    gates,
    learningRate: rate,
    report: scalars,
    dropped: oneOf('skip', 'decay', 'zeroGradient'),
    counter: oneOf('own', 'global'),
    rateScale: callable,
    recompute: callable,
  },
  gradients: { learningRate: rate, report: scalars, gradients: handle, skipUpdate: yesNo },
  end: { report: scalars, evaluate: names, checkpoint: yesNo, stop: text },
  evalBegin: { gates, weights: text },
  evalEnd: { metrics: scalars, checkpoint: yesNo, stop: text },
  enter: { input: tensor },
  leave: { output: tensor },
};

/** The optimizer step that an event belongs to. */
export const stepOf = (event: HookEvent): number => ('index' in event && 'total' in event ? event.index : (event as EvalEvent | BlockCall).step);

function fieldProblem(key: string, value: unknown, before: unknown, phase: HookEvent['phase']): Problem | undefined {
  const field = changeable[phase][key];
  if (field) {
    const problem = field(value, before);
    return problem && { ...problem, detail: problem.detail.startsWith('must') ? `'${key}' of a '${phase}' event ${problem.detail}` : problem.detail };
  }
  const planned = key === 'gates' || key === 'gate';
  return {
    detail: `changed '${key}' of a '${phase}' event, which is read-only`,
    hint: planned ? "gates are planned in onStep, phase 'begin', with mergeGates" : `it may change: ${Object.keys(changeable[phase]).join(', ')}`,
  };
}

/** An answer that is no event, or not to this event. */
export function foreignProblem(event: HookEvent, answer: unknown): Problem | undefined {
  const hint = 'answer each event with a changed copy of it: { ...event, … } (pairwise, bufferCount, delay, a forgotten return?)';
  if (typeof answer !== 'object' || answer === null) return { detail: `answered with ${String(answer)} to phase '${event.phase}'`, hint };
  if (typeof (answer as { then?: unknown }).then === 'function')
    return { detail: `answered with a Promise to phase '${event.phase}'`, hint: 'an asynchronous function is for during() in onStep and onEval only' };
  const other = answer as HookEvent;
  if (other.phase === event.phase && stepOf(other) === stepOf(event)) return undefined;
  return { detail: `answered with phase '${other.phase}' of step ${stepOf(other)} to phase '${event.phase}' of step ${stepOf(event)}`, hint };
}

/** A field of an answer that is unknown, missing, read-only or unusable. */
export function invalidProblem(event: HookEvent, answer: HookEvent): Problem | undefined {
  const before = event as unknown as Readonly<Record<string, unknown>>;
  const after = answer as unknown as Readonly<Record<string, unknown>>;
  for (const key in after) {
    if (!(key in before)) return { detail: `set '${key}', which a '${event.phase}' event does not have`, hint: didYouMean(key, Object.keys(before)) };
  }
  for (const key in before) {
    if (Object.is(before[key], after[key]) && key in after) continue;
    if (!(key in after)) return { detail: `left out '${key}' of a '${event.phase}' event`, hint: 'answer with { ...event, … }' };
    const problem = fieldProblem(key, after[key], before[key], event.phase);
    if (problem) return problem;
  }
  return undefined;
}

import { isObservable, type Observable, Subject } from 'rxjs';
import { HookError, type HookFault } from '../errors.js';
import type { Hooks, Operator } from '../plugin.js';
import { foreignProblem, type HookEvent, invalidProblem, stepOf } from './answer-rules.js';
import type { OperatorMarks } from './during.js';
import type { Problem } from './gate-rules.js';

/** One plugin's part of a hook's pipeline: subscribed once, it lives as long as the run. */
export interface Segment<E> {
  readonly plugin: string;
  /** The one answer to an event; a Promise only from an operator that may answer later. Throws `HookError`. */
  ask(event: E): E | Promise<E>;
  /** Throws what went wrong after the last answer, if anything did. */
  verify(): void;
  close(): void;
}

export interface SegmentOptions<E> {
  readonly plugin: string;
  readonly hook: keyof Hooks;
  readonly operator: Operator<E>;
  /** Step to name before the first event. */
  readonly firstStep: number;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  /** Rules of this run, besides those of the phase. */
  readonly check?: (event: E, answer: E) => Problem | undefined;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Wraps one plugin's operator with the rule of exactly one answer for each event. RxJS alone would report a throw elsewhere,
 * and lose a filtered event or pass a doubled one silently. After the first fault the segment is broken for good.
 */
export function segment<E extends HookEvent>({ plugin, hook, operator, firstStep, timeout, check }: SegmentOptions<E>): Segment<E> {
  const input = new Subject<E>();
  const mayWait = hook !== 'onForwardBlock' && (operator as OperatorMarks)['~asynchronous'] === true;
  let step = firstStep;
  let asked: E | undefined;
  let answer: E | undefined;
  let answers = 0;
  let wake: (() => void) | undefined;
  let broken: HookError | undefined;

  const fail = (fault: HookFault, { detail, hint }: Problem, cause?: unknown): HookError => {
    broken ??= new HookError(plugin, hook, step, fault, detail, { ...(hint ? { hint } : {}), ...(cause === undefined ? {} : { cause }) });
    wake?.();
    return broken;
  };
  const threw = (error: unknown) => fail('threw', { detail: `threw ${textOf(error)}` }, error);

  const receive = (event: E): void => {
    if (asked === undefined) {
      fail('late', {
        detail: 'gave an event that was not asked for: a second answer, or one after its step had gone on',
        hint: 'give back exactly one event for each (delay, mergeMap, startWith?)',
      });
    } else if (++answers > 1) {
      fail('several', { detail: `answered ${answers} times`, hint: 'give back exactly one event for each (mergeMap, a duplicate?)' });
    } else {
      answer = event;
      wake?.();
    }
  };
  const complete = () => void fail('completed', { detail: 'completed its pipeline', hint: 'a hook lives as long as the run (take, first?)' });

  const subscribe = () => {
    let answers: unknown;
    try {
      answers = operator(input);
    } catch (error) {
      throw threw(error);
    }
    if (!isObservable(answers))
      throw fail('foreign', { detail: 'is no RxJS operator: it did not make an Observable', hint: 'make a function of an event one: during(phase, fn)' });
    return (answers as Observable<E>).subscribe({ next: receive, error: threw, complete });
  };
  const subscription = subscribe();

  /** The rules of this run; functions in an answer are the plugin's, and may throw. */
  const checked = (event: E, given: E): Problem | undefined => {
    try {
      return check?.(event, given);
    } catch (error) {
      throw threw(error);
    }
  };
  const settle = (event: E): E => {
    asked = undefined;
    if (broken) throw broken;
    const given = answer as E;
    if (given === event) return event;
    const foreign = foreignProblem(event, given);
    if (foreign) throw fail('foreign', foreign);
    const invalid = invalidProblem(event, given) ?? checked(event, given);
    if (invalid) throw fail('invalid', invalid);
    return Object.freeze(given);
  };

  const later = (event: E): Promise<E> =>
    new Promise((resolve, reject) => {
      const giveUp = () =>
        void fail('none', {
          detail: `gave no answer in ${timeout} ms`,
          hint: 'a filter, a Promise that never settles, or work that takes longer: then give createTrainer a greater hookTimeout',
        });
      const timer = setTimeout(giveUp, timeout);
      wake = () => {
        wake = undefined;
        clearTimeout(timer);
        queueMicrotask(() => {
          try {
            resolve(settle(event)); // a duplicate in the same turn has been seen by now
          } catch (error) {
            reject(error);
          }
        });
      };
    });

  return {
    plugin,
    ask(event) {
      if (broken) throw broken;
      if (asked !== undefined)
        throw fail('reentrant', {
          detail: `caused a '${event.phase}' event of its own hook while it was answering '${asked.phase}'`,
          hint: 'do not call block() or step the trainer inside a hook',
        });
      step = stepOf(event);
      asked = event;
      answer = undefined;
      answers = 0;
      input.next(event);
      if (answers > 0 || broken) return settle(event);
      if (mayWait) return later(event);
      const cure = hook === 'onForwardBlock' ? 'this hook is synchronous: answer within the call' : 'wrap an operator that answers later in asynchronously()';
      throw fail('none', { detail: 'did not answer within the call: it dropped the event (filter?) or answers later (delay, Promise?)', hint: cure });
    },
    verify() {
      if (broken) throw broken;
    },
    close() {
      wake = undefined;
      subscription.unsubscribe();
    },
  };
}

import { concatMap, from, map, type Observable, of } from 'rxjs';
import { HooklineError } from '../errors.js';
import type { BlockCall, BlockEnter, BlockLeave, EvalBegin, EvalEnd, EvalEvent, StepBegin, StepEnd, StepEvent, StepGradients } from '../events.js';
import { didYouMean } from '../nearest.js';
import type { Hooks, Operator, SyncOperator } from '../plugin.js';
import type { Awaitable } from '../values.js';

export interface During {
  <T = any>(phase: 'begin', fn: (event: StepBegin) => Awaitable<StepBegin>): Operator<StepEvent<T>>;
  <T = any>(phase: 'gradients', fn: (event: StepGradients<NoInfer<T>>) => Awaitable<StepGradients<NoInfer<T>>>): Operator<StepEvent<T>>;
  <T = any>(phase: 'end', fn: (event: StepEnd) => Awaitable<StepEnd>): Operator<StepEvent<T>>;
  (phase: 'evalBegin', fn: (event: EvalBegin) => Awaitable<EvalBegin>): Operator<EvalEvent>;
  (phase: 'evalEnd', fn: (event: EvalEnd) => Awaitable<EvalEnd>): Operator<EvalEvent>;
  <T = any>(phase: 'enter', fn: (call: BlockEnter<NoInfer<T>>) => BlockEnter<NoInfer<T>>): SyncOperator<BlockCall<T>>;
  <T = any>(phase: 'leave', fn: (call: BlockLeave<NoInfer<T>>) => BlockLeave<NoInfer<T>>): SyncOperator<BlockCall<T>>;
}

/** Which hook a phase belongs to. Phase names are unique over the hooks, so that `during` can infer the event. */
export const hookOfPhase: Readonly<Record<string, keyof Hooks>> = {
  begin: 'onStep',
  gradients: 'onStep',
  end: 'onStep',
  evalBegin: 'onEval',
  evalEnd: 'onEval',
  enter: 'onForwardBlock',
  leave: 'onForwardBlock',
};

/**
 * What the runner of the hooks reads off an operator. Keys are strings, not unique symbols, so that two copies of core agree.
 * `~hook`: the only hook that it can serve. `~asynchronous`: it may answer after the call.
 */
export interface OperatorMarks {
  readonly '~hook'?: keyof Hooks;
  readonly '~asynchronous'?: true;
  readonly '~synchronous'?: true;
}

const isPromise = (value: unknown): value is Promise<unknown> => typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

const marked = (operator: (source: Observable<any>) => Observable<any>, marks: OperatorMarks): any => Object.assign(operator, marks);

const choose = (phase: string, fn: (event: any) => unknown): unknown => {
  const hook = hookOfPhase[phase];
  if (hook === undefined) {
    throw new HooklineError('HOOKLINE_PHASE', `there is no phase '${phase}'`, { hint: didYouMean(phase, Object.keys(hookOfPhase)) });
  }
  const answer = (event: { phase: string }): unknown => (event.phase === phase ? fn(event) : event);
  if (hook === 'onForwardBlock') return marked((source) => source.pipe(map(answer)), { '~hook': hook, '~synchronous': true });
  const answerLater = (event: { phase: string }) => {
    const value = answer(event);
    return isPromise(value) ? from(value) : of(value);
  };
  return marked((source) => source.pipe(concatMap(answerLater)), { '~hook': hook, '~asynchronous': true });
};

/**
 * The common plugin in one line: `fn` sees the events of one phase and answers with a changed copy (or the event itself);
 * other phases pass. `fn` may be asynchronous for steps and evaluations, never for a block.
 * @throws HooklineError `HOOKLINE_PHASE` for a phase that does not exist
 */
export const during = choose as During;

/** Sees both phases of each block's call; answers within the call. */
export const eachBlock = <T = any>(fn: (call: BlockCall<T>) => BlockCall<T>): SyncOperator<BlockCall<T>> =>
  marked((source) => source.pipe(map(fn)), { '~hook': 'onForwardBlock', '~synchronous': true });

/** Lets a raw RxJS operator serve `onForwardBlock`: a promise by its author, checked at run time, that it answers within the call. */
export const synchronously = <E>(operator: Operator<E>): SyncOperator<E> => marked((source) => operator(source), { '~synchronous': true });

/** Lets a raw RxJS operator of `onStep` or `onEval` answer later; without it a missing answer is an error at once, not after a time limit. */
export const asynchronously = <E>(operator: Operator<E>): Operator<E> => marked((source) => operator(source), { '~asynchronous': true });

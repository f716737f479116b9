import { HooklineError } from '../errors.js';
import type { BlockCall, EvalBegin, EvalEvent, StepBegin, StepEnd, StepEvent } from '../events.js';
import { didYouMean } from '../nearest.js';
import type { Hooks, Operator } from '../plugin.js';
import type { HookEvent } from './answer-rules.js';
import type { OperatorMarks } from './during.js';
import { type Problem, settleGates } from './gate-rules.js';
import { type Segment, segment } from './segment.js';

/** The hooks of one plugin in one run. */
export interface NamedHooks<T = any> extends Hooks<T> {
  readonly name: string;
}

/** The three pipelines of a run: each event goes through the plugins in order, that of a step's end in one of its own; each sees the answer of the one before. */
export interface Pipelines<T> {
  step<E extends StepEvent<T>>(event: E): Promise<E>;
  evaluation<E extends EvalEvent>(event: E): Promise<E>;
  /** Absent where no plugin hooks blocks. */
  readonly block: (<E extends BlockCall<T>>(call: E) => E) | undefined;
  /** Throws what a plugin did wrong after its last answer, if anything. */
  verify(): void;
  close(): void;
}

export interface PipelineOptions<T = any> {
  readonly firstStep: number;
  /** Milliseconds that an asynchronous answer may take. */
  readonly timeout: number;
  readonly evaluationSets: readonly string[];
  readonly hasSlot: (slot: string) => boolean;
  /** Names of the plugins in the order in which they see the end of a step. */
  readonly endOrder: readonly string[];
  /** Names of the parameters. */
  readonly parameters: readonly string[];
  /** Given each tensor that a plugin puts in the place of a block's input or output. */
  readonly adopt?: ((tensor: T) => void) | undefined;
}

type HookName = keyof Hooks;

function operatorOf<E>({ name, ...hooks }: NamedHooks, hook: HookName): Operator<E> {
  const operator = hooks[hook] as (Operator<E> & OperatorMarks) | undefined;
  if (typeof operator !== 'function')
    throw new HooklineError('HOOKLINE_PLUGIN_HOOK', `plugin '${name}': ${hook} must be an RxJS operator`, { hint: 'e.g. during(…)' });
  const meant = operator['~hook'];
  if (meant !== undefined && meant !== hook)
    throw new HooklineError('HOOKLINE_PLUGIN_HOOK', `plugin '${name}': an operator of ${meant} is given as ${hook}`, { hint: `give it as ${meant}` });
  return operator;
}

/** A factor on the rate that is none: left alone, NaN would show as a loss of NaN a step later. */
function rateProblem(rateScale: StepBegin['rateScale'], parameters: readonly string[]): Problem | undefined {
  for (const name of parameters) {
    const factor: unknown = rateScale(name);
    if (!(Number.isFinite(factor) && (factor as number) >= 0))
      return { detail: `planned rateScale('${name}') as ${String(factor)}`, hint: 'it must be a finite number, 0 or greater; 1 leaves the rate as it is' };
  }
  return undefined;
}

/** What an answer asks of the run must exist there, or be possible. */
function requestProblem(before: HookEvent, answer: HookEvent, { evaluationSets, hasSlot, parameters }: PipelineOptions): Problem | undefined {
  if (answer.phase === 'begin' && answer.rateScale !== (before as StepBegin).rateScale) return rateProblem(answer.rateScale, parameters);
  if (answer.phase === 'end') {
    const strange = (answer as StepEnd).evaluate.find((set) => !evaluationSets.includes(set));
    if (strange !== undefined)
      return { detail: `asked to evaluate '${strange}', which is no evaluation set of the learner`, hint: didYouMean(strange, evaluationSets) };
  }
  const slot = answer.phase === 'evalBegin' ? (answer as EvalBegin).weights : undefined;
  return slot === undefined || hasSlot(slot)
    ? undefined
    : { detail: `asked to evaluate the weights of slot '${slot}', which does not exist`, hint: 'copy weights into it first: run.weights.copy(slot)' };
}

/** A plan, once answered, is frozen through, so that no later plugin can change it in place. */
function settled<E extends StepEvent | EvalEvent>(before: E, answer: E): E {
  if (answer.gates === before.gates) return answer;
  return Object.freeze({ ...(answer as StepBegin | EvalBegin), gates: settleGates(answer.gates) }) as unknown as E;
}

const tensorOf = <T>(call: BlockCall<T>): T => (call.phase === 'enter' ? call.input : call.output);

/** Subscribes the pipelines of a run, in the order of `plugins`. */
export function pipelines<T>(plugins: readonly NamedHooks<T>[], options: PipelineOptions<T>): Pipelines<T> {
  const { firstStep, timeout, endOrder, adopt } = options;
  const check = (before: HookEvent, answer: HookEvent) => requestProblem(before, answer, options);
  const segmentsOf = <E extends HookEvent>(hook: HookName): readonly Segment<E>[] =>
    plugins
      .filter((plugin) => plugin[hook] !== undefined)
      .map((plugin) => segment<E>({ plugin: plugin.name, hook, operator: operatorOf(plugin, hook), firstStep, timeout, check }));

  const steps = segmentsOf<StepEvent<T>>('onStep');
  const atEnd = endOrder.flatMap((name) => steps.filter(({ plugin }) => plugin === name));
  const evaluations = segmentsOf<EvalEvent>('onEval');
  const blocks = segmentsOf<BlockCall<T>>('onForwardBlock');
  const all: readonly Pick<Segment<HookEvent>, 'verify' | 'close'>[] = [...steps, ...evaluations, ...blocks];

  const fold = async <E extends StepEvent<T> | EvalEvent>(segments: readonly Segment<E>[], event: E): Promise<E> => {
    let current = Object.freeze(event);
    for (const one of segments) {
      const answer = one.ask(current);
      current = settled(current, answer instanceof Promise ? await answer : answer);
    }
    return current;
  };
  const block = (call: BlockCall<T>): BlockCall<T> => {
    let current = Object.freeze(call) as BlockCall<T>;
    for (const one of blocks) {
      const answer = one.ask(current) as BlockCall<T>;
      if (adopt && tensorOf(answer) !== tensorOf(current)) adopt(tensorOf(answer));
      current = answer;
    }
    return current;
  };

  return {
    step: (event) => fold(event.phase === 'end' ? atEnd : steps, event) as Promise<typeof event>,
    evaluation: (event) => fold(evaluations, event) as Promise<typeof event>,
    block: blocks.length === 0 ? undefined : (block as Pipelines<T>['block']),
    verify: () => all.forEach((one) => void one.verify()),
    close: () => all.forEach((one) => void one.close()),
  };
}

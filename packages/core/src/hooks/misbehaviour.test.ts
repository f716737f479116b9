import { bufferCount, delay, filter, from, map, mergeMap, type Observable, of, pairwise, startWith, take } from 'rxjs';
import { expect, test } from 'vitest';
import { HookError } from '../errors.js';
import type { BlockCall, StepEvent } from '../events.js';
import { type Gate, mergeGates } from '../gates.js';
import type { Plugin, RunContext } from '../plugin.js';
import { residualMlp } from '../testing/index.js';
import { createTrainer } from '../trainer.js';
import { asynchronously, during, eachBlock, synchronously } from './during.js';

type Bad = Omit<Plugin, 'name'>;

/** Closes block 1, and branch b of block 2, in every step, before any other plugin. */
const closing: Plugin = {
  name: 'closing',
  stage: -1,
  onStep: during('begin', (step) => ({
    ...step,
    gates: mergeGates(
      step.gates,
      step.gates.map((gate, i) => ({ ...gate, active: i !== 1, branches: { ...gate.branches, b: { active: i !== 2, gain: 1 } } })),
    ),
  })),
};

async function failureOf(bad: Bad): Promise<unknown> {
  const trainer = createTrainer({
    learner: residualMlp(),
    plugins: [closing, { name: 'bad', ...bad }, { name: 'after' }],
    steps: 6,
    seed: 1,
    learningRate: 1e-3,
    hookTimeout: 30,
  });
  return trainer.run().then(
    () => undefined,
    (error: unknown) => error,
  );
}

const evaluating = during('end', (step) => ({ ...step, evaluate: ['dev'] }));
const boom = (): never => {
  throw new Error('boom');
};
const never = () => new Promise<never>(() => {});
const begin = (change: object): Bad => ({ onStep: during('begin', (step) => ({ ...step, ...change })) });
const evaluatingIn =
  (run: RunContext) =>
  async <E>(event: E): Promise<E> => {
    await run.evaluate('dev');
    return event;
  };
const atEnd = (change: object): Bad => ({ onStep: during('end', (step) => ({ ...step, ...change })) });
const replan = (change: (gate: Gate, index: number) => object): Bad => ({
  onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate, i) => ({ ...gate, ...change(gate, i) })) })),
});
const whenEntering = (change: (call: BlockCall) => object): Bad => ({
  onForwardBlock: eachBlock((call) => (call.phase === 'enter' ? { ...call, ...change(call) } : call)),
});
/** Answers at once, and again when the trainer has gone on. */
const answerAgain = (again: (event: StepEvent) => Observable<StepEvent>) => (events: Observable<StepEvent>) =>
  events.pipe(
    mergeMap((event) => (event.phase === 'end' ? [of(event), again(event)] : [of(event)])),
    mergeMap((event) => event),
  );
const inAMicrotask = (event: StepEvent) => from(Promise.resolve(event));

test.each<[string, Bad, string, number, string, string]>([
  // what it does, plugin, hook, step, fault, words of the message
  ['filters', { onStep: filter((event: StepEvent) => event.index < 3) as never }, 'onStep', 3, 'none', 'did not answer within the call'],
  ['answers twice', { onStep: mergeMap((event) => [event, event]) }, 'onStep', 0, 'several', 'answered 2 times'],
  ['throws', { onStep: during('end', (event) => (event.index === 2 ? boom() : event)) }, 'onStep', 2, 'threw', 'threw boom'],
  ['rejects', { onStep: during('end', async () => boom()) }, 'onStep', 0, 'threw', 'threw boom'],
  [
    'never settles',
    { onStep: during('begin', never) },
    'onStep',
    0,
    'none',
    'gave no answer in 30 ms; a filter, a Promise that never settles, or work that takes longer: then give createTrainer a greater hookTimeout',
  ],
  ['takes four', { onStep: take(4) }, 'onStep', 1, 'completed', 'completed its pipeline'],
  [
    'pairs',
    {
      onStep: (events) =>
        events.pipe(
          pairwise(),
          map(([event]) => event),
        ),
    },
    'onStep',
    0,
    'none',
    'did not answer',
  ],
  [
    'buffers',
    {
      onStep: (events) =>
        events.pipe(
          bufferCount(2),
          mergeMap((event) => event),
        ),
    },
    'onStep',
    0,
    'none',
    'did not answer',
  ],
  [
    'misspells a field',
    begin({ learningrate: 1 }),
    'onStep',
    0,
    'invalid',
    "set 'learningrate', which a 'begin' event does not have; did you mean 'learningRate'?",
  ],
  ['answers undefined', { onStep: map(() => undefined as never) }, 'onStep', 0, 'foreign', "answered with undefined to phase 'begin'"],
  ['answers again, later', { onStep: answerAgain(inAMicrotask) }, 'onStep', 0, 'late', 'not asked for'],
  ['delays a block', { onForwardBlock: synchronously(delay(1)) }, 'onForwardBlock', 0, 'none', 'this hook is synchronous'],
  ['filters blocks', { onForwardBlock: synchronously(filter((call) => call.index < 2)) }, 'onForwardBlock', 0, 'none', 'did not answer'],
  ['throws in a block', { onForwardBlock: eachBlock(boom) }, 'onForwardBlock', 0, 'threw', 'threw boom'],
  ['answers a block twice', { onForwardBlock: synchronously(mergeMap((call) => [call, call])) }, 'onForwardBlock', 0, 'several', 'answered 2 times'],
  ["changes a block's gate", whenEntering(({ gate }) => ({ gate: { ...gate, active: !gate.active } })), 'onForwardBlock', 0, 'invalid', "changed 'gate'"],
  ['opens a gate', replan(() => ({ active: true })), 'onStep', 0, 'invalid', "opened block 'block.1', which another plugin had closed"],
  ['plans gates at the end', atEnd({ gates: [] }), 'onStep', 0, 'invalid', "gates are planned in onStep, phase 'begin'"],
  ['throws in an evaluation', { onStep: evaluating, onEval: during('evalEnd', boom) }, 'onEval', 1, 'threw', 'threw boom'],
  // more
  ['never settles in an evaluation', { onStep: evaluating, onEval: during('evalBegin', never) }, 'onEval', 1, 'none', 'gave no answer in 30 ms'],
  [
    'answers twice, later',
    {
      onStep: asynchronously((events) =>
        events.pipe(
          delay(1),
          mergeMap((event) => [event, event]),
        ),
      ),
    },
    'onStep',
    0,
    'several',
    'answered 2 times',
  ],
  ['is asynchronous and does not say so', { onStep: delay(1) }, 'onStep', 0, 'none', 'wrap an operator that answers later in asynchronously()'],
  ['is given no time', { onStep: asynchronously(delay(100)) }, 'onStep', 0, 'none', 'gave no answer in 30 ms'],
  ['emits before it is asked', { onStep: startWith({ phase: 'begin', index: 0 } as StepEvent) }, 'onStep', 0, 'late', 'not asked for'],
  ['throws when it is subscribed', { onStep: boom }, 'onStep', 0, 'threw', 'threw boom'],
  ['is no operator', { onStep: (() => undefined) as never }, 'onStep', 0, 'foreign', 'is no RxJS operator'],
  [
    'is a function of an event',
    { onStep: ((step: object) => ({ ...step, learningRate: 1 })) as never },
    'onStep',
    0,
    'foreign',
    'make a function of an event one: during(phase, fn)',
  ],
  [
    'answers with another phase',
    { onStep: map((event) => ({ ...event, phase: 'end' }) as StepEvent) },
    'onStep',
    0,
    'foreign',
    "answered with phase 'end' of step 0 to phase 'begin' of step 0",
  ],
  ['answers with another step', begin({ index: 7 }), 'onStep', 0, 'foreign', "answered with phase 'begin' of step 7"],
  [
    'changes what is read-only',
    begin({ total: 7 }),
    'onStep',
    0,
    'invalid',
    "changed 'total' of a 'begin' event, which is read-only; it may change: gates, learningRate",
  ],
  ['changes the loss', atEnd({ loss: 0 }), 'onStep', 0, 'invalid', "changed 'loss'"],
  [
    'leaves fields out',
    { onStep: during('begin', ({ phase, index, total }) => ({ phase, index, total }) as never) },
    'onStep',
    0,
    'invalid',
    "left out 'epoch'",
  ],
  ['changes an event in place', { onStep: during('begin', (step) => Object.assign(step, { learningRate: 1 })) }, 'onStep', 0, 'threw', 'read only'],
  [
    'changes a gate in place',
    { onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate) => Object.assign(gate, { active: true })) })) },
    'onStep',
    0,
    'threw',
    'read only',
  ],
  [
    'changes a block event in place',
    { onForwardBlock: eachBlock((call) => Object.assign(call, { input: undefined })) },
    'onForwardBlock',
    0,
    'threw',
    'read only',
  ],
  [
    'sets a rate of NaN',
    begin({ learningRate: Number.NaN }),
    'onStep',
    0,
    'invalid',
    "'learningRate' of a 'begin' event must be a finite number, 0 or greater, and is NaN",
  ],
  ['sets a rate below 0', begin({ learningRate: -0.1 }), 'onStep', 0, 'invalid', "'learningRate' of a 'begin' event must be a finite number, 0 or greater"],
  ['scales a rate by NaN', begin({ rateScale: (name: string) => (name === 'head' ? Number.NaN : 1) }), 'onStep', 0, 'invalid', "rateScale('head') as NaN"],
  ['scales a rate by nothing', begin({ rateScale: () => undefined }), 'onStep', 0, 'invalid', "planned rateScale('stem') as undefined"],
  ['scales a rate below 0', begin({ rateScale: () => -1 }), 'onStep', 0, 'invalid', "planned rateScale('stem') as -1"],
  ['throws in a rate’s scale', begin({ rateScale: boom }), 'onStep', 0, 'threw', 'threw boom'],
  [
    'evaluates inside a step',
    { setup: (run) => ({ onStep: during('begin', evaluatingIn(run)) }) },
    'onStep',
    0,
    'threw',
    'run.evaluate was called inside the step',
  ],
  [
    'evaluates before the update',
    { setup: (run) => ({ onStep: during('gradients', evaluatingIn(run)) }) },
    'onStep',
    0,
    'threw',
    'run.evaluate was called inside the step',
  ],
  ['drops by an unknown policy', begin({ dropped: 'forget' }), 'onStep', 0, 'invalid', "must be 'skip' or 'decay' or 'zeroGradient', and is forget"],
  ['reports a text', begin({ report: { theta: 'x' } }), 'onStep', 0, 'invalid', "'report' of a 'begin' event must be an object of numbers"],
  ['evaluates an unknown set', atEnd({ evaluate: ['def'] }), 'onStep', 0, 'invalid', "no evaluation set of the learner; did you mean 'dev'?"],
  [
    'evaluates an empty slot',
    { onStep: evaluating, onEval: during('evalBegin', (event) => ({ ...event, weights: 'ema' })) },
    'onEval',
    1,
    'invalid',
    "slot 'ema', which does not exist",
  ],
  ['forgets gates', { onStep: during('begin', (step) => ({ ...step, gates: step.gates.slice(1) })) }, 'onStep', 0, 'invalid', 'planned 3 gates for 4 blocks'],
  [
    'shuffles gates',
    { onStep: during('begin', (step) => ({ ...step, gates: [...step.gates].reverse() })) },
    'onStep',
    0,
    'invalid',
    "planned gate 0 for 'block.3' where the block is 'block.0'",
  ],
  ['plans a gain of NaN', replan(() => ({ gain: Number.NaN })), 'onStep', 0, 'invalid', "planned a gate for block 'block.0' that is not"],
  [
    'invents a branch',
    replan(({ branches }) => ({ branches: { ...branches, c: { active: true, gain: 1 } } })),
    'onStep',
    0,
    'invalid',
    "branches of block 'block.0' wrong: 'c'; its branches are: a, b",
  ],
  [
    'opens a branch',
    replan(({ branches }, i) => (i === 2 ? { branches: { ...branches, b: { active: true, gain: 1 } } } : {})),
    'onStep',
    0,
    'invalid',
    "opened branch 'b' of block 'block.2', which another plugin had closed: gates only close",
  ],
  ['forgets a branch', replan(() => ({ branches: {} })), 'onStep', 0, 'invalid', "branches of block 'block.0' wrong: 'a'"],
  ['plans a branch of nothing', replan(({ branches }) => ({ branches: { ...branches, b: {} } })), 'onStep', 0, 'invalid', "branch 'b' of block 'block.0'"],
  [
    'answers a block with a Promise',
    { onForwardBlock: eachBlock((async (call: BlockCall) => call) as never) },
    'onForwardBlock',
    0,
    'foreign',
    'answered with a Promise',
  ],
  ['gives a block no tensor', whenEntering(() => ({ input: undefined })), 'onForwardBlock', 0, 'invalid', "'input' of a 'enter' event must be a tensor"],
  ['claims another block', whenEntering(() => ({ name: 'block.3' })), 'onForwardBlock', 0, 'invalid', "changed 'name'"],
])('a plugin that %s is named', async (_, bad, hook, step, fault, words) => {
  const error = await failureOf(bad);
  expect(error).toBeInstanceOf(HookError);
  expect(error).toMatchObject({ code: 'HOOKLINE_HOOK', plugin: 'bad', hook, step, fault });
  expect((error as HookError).message).toContain(words);
  expect((error as HookError).message).toContain(`plugin 'bad', ${hook}, step ${step}: `);
});

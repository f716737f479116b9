import { expect, test } from 'vitest';
import { makeBlock, type Pass } from './block.js';
import type { BlockCall } from './events.js';
import { openGates } from './gates.js';
import type { Algebra, RunBlock } from './learner.js';

const blocks = ['x', 'y'].map((name) => ({ name, branches: [], parameters: [], cost: 1 }));

/** Numbers for tensors: 1000 + what the body gives, so that a run is seen. */
const algebra: Algebra<number> = {
  run: (call, x, body, inputs) => 1000 + body(x, { seed: call.seed, mode: call.mode, branch: (_, u, f) => f(u) }, ...inputs),
  norm: Math.abs,
  dot: (a, b) => a * b,
  distance: (a, b) => Math.abs(a - b),
};

const pass = (change: Partial<Pass<number>> = {}): Pass<number> => ({
  mode: 'train',
  step: 7,
  micro: 2,
  gates: openGates(blocks),
  algebra,
  hook: undefined,
  recompute: () => false,
  seedOf: (index) => [42, index],
  ...change,
});

test('an open block runs through the algebra, inputs and all', () => {
  const calls: RunBlock[] = [];
  const seen: Algebra<number> = { ...algebra, run: (call, ...rest) => algebra.run(calls[calls.push(call) - 1]!, ...rest) };
  const block = makeBlock(pass({ algebra: seen, recompute: (name) => name === 'y' }));
  expect(block('y', 3, (x, scope, a: number, b: number) => x + a * b + scope.seed[1], 5, 6)).toBe(1034);
  expect(calls).toEqual([{ name: 'y', gate: openGates(blocks)[1], recompute: true, seed: [42, 1], mode: 'train' }]);
});

test('blocks run in the order of the plan in training; an evaluation, of several batches, begins anew', () => {
  const train = makeBlock(pass());
  train('y', 1, (x) => x);
  expect(() => train('x', 1, (x) => x)).toThrow("block 'x' ran after 'y', and the learner lists it before; run the blocks in one order at every step");
  const evaluate = makeBlock(pass({ mode: 'evaluate' }));
  for (const name of ['x', 'y', 'x', 'y']) expect(evaluate(name, 1, (x) => x)).toBe(1001);
});

test("a closed block's body is not called, hooks see it all the same", () => {
  const phases: unknown[] = [];
  const gates = openGates(blocks).map((gate) => ({ ...gate, active: gate.name === 'y' }));
  const hook = <E extends BlockCall<number>>(call: E): E => {
    phases.push([call.phase, call.name, call.gate.active]);
    return call;
  };
  const block = makeBlock(pass({ gates, hook }));
  const never = () => {
    throw new Error('called');
  };
  expect(block('x', 3, never)).toBe(3);
  expect(block('y', 3, (x) => x)).toBe(1003);
  expect(phases).toEqual([
    ['enter', 'x', false],
    ['leave', 'x', false],
    ['enter', 'y', true],
    ['leave', 'y', true],
  ]);
});

test('a hook may replace input and output, and sees where it is', () => {
  const events: BlockCall<number>[] = [];
  const hook = <E extends BlockCall<number>>(call: E): E => {
    events.push(call);
    return call.phase === 'enter' ? { ...call, input: call.input + 1 } : { ...call, output: call.output * 2 };
  };
  expect(makeBlock(pass({ hook }))('x', 3, (x) => x)).toBe(2008);
  const where = { mode: 'train', step: 7, micro: 2, index: 0, name: 'x', gate: openGates(blocks)[0] };
  expect(events).toEqual([
    { phase: 'enter', ...where, input: 3, recompute: false },
    { phase: 'leave', ...where, input: 4, output: 1004 },
  ]);
});

test('a block repeats in evaluation, where a pass has no border, but not in training', () => {
  const evaluating = makeBlock(pass({ mode: 'evaluate' }));
  expect([evaluating('x', 1, (x) => x), evaluating('x', 2, (x) => x)]).toEqual([1001, 1002]);
  const training = makeBlock(pass());
  training('x', 1, (x) => x);
  expect(() => training('x', 2, (x) => x)).toThrow("block 'x' ran twice in one forward pass; give each call of block() a name of its own");
});

test.each<[string, (block: ReturnType<typeof makeBlock<number>>) => unknown, string]>([
  ['unknown', (block) => block('xx', 1, (x) => x), "the learner has no block 'xx'; did you mean 'x'?"],
  ['nested', (block) => block('x', 1, (x) => block('y', x, (z) => z)), "block 'y' lies inside block 'x'; use branch()"],
  ['asynchronous', (block) => block('x', 1, (async (x: number) => x) as never), "the body of block 'x' is asynchronous"],
  ['empty', (block) => block('x', 1, (() => undefined) as never), "the body of block 'x' returned nothing"],
])('an %s block is refused', (_, call, words) => {
  const through: Algebra<number> = { ...algebra, run: ({ seed, mode }, x, body, inputs) => body(x, { seed, mode, branch: (_name, u, f) => f(u) }, ...inputs) };
  const block = makeBlock(pass({ algebra: through }));
  expect(() => call(block)).toThrow(words);
  expect(() => call(makeBlock(pass({ algebra: through })))).toThrow(expect.objectContaining({ code: 'HOOKLINE_BLOCK' }));
});

test('a body that throws leaves the border usable', () => {
  const block = makeBlock(pass());
  expect(() =>
    block('x', 1, () => {
      throw new Error('body');
    }),
  ).toThrow('body');
  expect(block('y', 1, (x) => x)).toBe(1001);
});

test('a pass that leaves a block out is refused, closed blocks included', () => {
  const gates = openGates(blocks).map((gate) => ({ ...gate, active: false }));
  const block = makeBlock(pass({ gates }));
  block('x', 1, (x) => x);
  expect(() => block.verify()).toThrow("the learner lists block 'y', and its forward pass did not run it; call block() for each");
  block('y', 1, (x) => x);
  expect(() => block.verify()).not.toThrow();
});

import { expect, test } from 'vitest';
import type { Gate } from './gates.js';
import { during, eachBlock } from './hooks/during.js';
import type { Plugin } from './plugin.js';
import { residualMlp, type Vec } from './testing/index.js';
import { createTrainer } from './trainer.js';

test('every block of every micro-batch of every step has a dropout key of its own', async () => {
  const learner = residualMlp();
  const keys: string[] = [];
  const run: typeof learner.algebra.run = (call, ...rest) => {
    if (call.mode === 'train') keys.push(call.seed.join());
    return learner.algebra.run(call, ...rest);
  };
  const gradients: typeof learner.gradients = (batch, block, denominators, into, seed) => {
    keys.push(String(seed));
    return learner.gradients(batch, block, denominators, into, seed);
  };
  await createTrainer({
    learner: { ...learner, gradients, algebra: { ...learner.algebra, run } },
    plugins: [{ name: 'accumulate', accumulation: 3 }],
    steps: 5,
    learningRate: 0.01,
    seed: 1,
  }).run();
  expect(keys).toHaveLength(5 * 3 * (1 + 4));
  expect(new Set(keys).size).toBe(keys.length);
});

test('every tensor that a plugin puts in the place of another is handed to the learner', async () => {
  const learner = residualMlp({ depth: 2 });
  const [made, adopted] = [[] as Vec[], [] as Vec[]];
  const copying = (name: string, phase: 'enter' | 'leave'): Plugin<Vec> => ({
    name,
    onForwardBlock: eachBlock((call) => {
      if (call.phase !== phase || call.name !== 'block.1') return call;
      const from = call.phase === 'enter' ? call.input : call.output;
      const copy = { values: from.values, gradient: from.gradient };
      made.push(copy);
      return call.phase === 'enter' ? { ...call, input: copy } : { ...call, output: copy };
    }),
  });
  await createTrainer({
    learner: { ...learner, algebra: { ...learner.algebra, adopt: (x) => void adopted.push(x) } },
    plugins: [copying('a', 'enter'), copying('b', 'enter'), copying('c', 'leave')],
    steps: 2,
    learningRate: 0.01,
  }).run();
  expect(made).toHaveLength(6);
  expect(adopted.every((x, i) => x === made[i])).toBe(true);
  expect(adopted).toHaveLength(6);
});

test('a learner that leaves a block out of its forward pass is found out in the first step', async () => {
  const learner = residualMlp();
  const blocks = [...learner.blocks, { name: 'fused', branches: [], parameters: [], cost: 1 }];
  await expect(createTrainer({ learner: { ...learner, blocks }, steps: 2, learningRate: 0.01 }).run()).rejects.toMatchObject({
    code: 'HOOKLINE_BLOCK',
    message: expect.stringContaining("the learner lists block 'fused', and its forward pass did not run it"),
  });
});

test.each([
  ['plain', (gate: Gate) => gate],
  ['frozen', (gate: Gate) => Object.freeze({ ...gate, branches: Object.freeze({ ...gate.branches }) })],
])('a block none of whose branches is active does not run, in a %s plan that says it does', async (_, made) => {
  const off = Object.freeze({ active: false, gain: 1 });
  const onStep = during('begin', (step) => ({
    ...step,
    gates: Object.freeze(step.gates.map((gate, i) => (i === 2 ? made({ ...gate, active: true, branches: { a: off, b: off } }) : gate))),
  }));
  const { last } = await createTrainer({ learner: residualMlp(), plugins: [{ name: 'branches', onStep }], steps: 1, learningRate: 0.01 }).run();
  expect(last).toMatchObject({ activeBlocks: 3, active: [true, true, false, true] });
});

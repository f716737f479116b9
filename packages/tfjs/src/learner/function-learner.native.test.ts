import { createTrainer, during, mergeGates, type Plugin } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { compileStatistics, setCompiling } from '../compile/index.js';
import { loadEngine } from '../engines/index.js';
import { forwardWith, initial, type Options, residualFunction } from './fixtures/residual-function.js';

beforeAll(async () => {
  await loadEngine('native');
});

const dropping: Plugin = {
  name: 'dropping',
  setup: (run) => ({
    onStep: during('begin', (step) => {
      const plan = step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.7, gain: 1.25 }));
      return { ...step, gates: mergeGates(step.gates, plan) };
    }),
  }),
};

async function losses(change: Partial<Options>, compiling: boolean): Promise<number[]> {
  const before = setCompiling(compiling);
  const learner = residualFunction(change);
  const seen: number[] = [];
  const trainer = createTrainer({ learner, plugins: [dropping], steps: 12, seed: 1, learningRate: 0.01 });
  trainer.on('step', ({ loss }) => void seen.push(loss));
  await trainer.run();
  learner.dispose();
  setCompiling(before);
  return seen;
}

it.each(['asked for', 'captured'])('its blocks are compiled, dropout and all, with parameters that are %s', async (how) => {
  const variables: Record<string, tf.Variable> = Object.fromEntries(
    Object.entries(initial()).map(([name, { shape, data }]) => [name, tf.variable(tf.tensor(data, shape))]),
  );
  const captured: Options['forward'] = (x, { block }) => forwardWith(0.1)(x, { block, get: (name) => variables[name] as tf.Tensor });
  const change = how === 'captured' ? { parameters: variables, forward: captured } : { forward: forwardWith(0.1) };
  const plain = await losses(change, false);
  if (how === 'captured') for (const [name, { shape, data }] of Object.entries(initial())) variables[name]?.assign(tf.tensor(data, shape));
  const before = compileStatistics();
  const compiled = await losses(change, true);
  const after = compileStatistics();
  for (const [i, loss] of compiled.entries()) expect(Math.abs(loss / (plain[i] as number) - 1), `step ${i}`).toBeLessThan(1e-4);
  expect(after.replays - before.replays).toBeGreaterThan(20); // 12 steps of 3 blocks, 7 of 10 open
  expect(compiled.at(-1)).toBeLessThan(compiled[0] as number);
});

import { expect, it } from 'vitest';
import { tiny as shape } from './fixtures/tiny.js';
import { benchProfile } from './profile.js';
import { benchLines } from './table.js';

it('splits a step into parts that sum to it, and names the ops of the step op by op', async () => {
  const result = await benchProfile({ shape, rounds: 1, warmup: 2 });
  const parts = Object.fromEntries(result.parts.map(({ part, median }) => [part, median]));
  for (const part of ['embeddings', 'blocks', 'head and loss']) {
    for (const pass of ['forward', 'backward']) expect(parts[`${part}, ${pass}`], `${part}, ${pass}`).toBeGreaterThan(0);
  }
  const sum = result.parts.reduce((total, { median }) => total + median, 0);
  expect(sum).toBeCloseTo(result.step.median, 6);
  expect(result.blocks.map(({ block }) => block)).toEqual(['encoder.0', 'encoder.1']);
  const products = result.opByOp.filter(({ op }) => /MatMul/.test(op)).reduce((total, { calls }) => total + calls, 0);
  expect(products).toBeGreaterThan(20);
  expect(benchLines(result).join('\n')).toMatch(/The compiled step: [\s\S]*embeddings, forward[\s\S]*The same step op by op[\s\S]*MatMul/);
});

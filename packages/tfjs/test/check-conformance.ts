import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { compile, compileStatistics, freeCompiled } from '../src/compile/index.js';
import { checkOp } from './check-op.js';
import type { ConformanceCase } from './conformance/index.js';

/** Compares an op's value and gradients with its reference; compiled, every call is one of a recorded graph, unless its tensors are empty. */
export function checkConformance({ op, given = [], ...rest }: ConformanceCase, form: 'op by op' | 'compiled' = 'op by op'): void {
  const whole = given.map(({ data, shape, dtype }) => tf.tensor([...data], [...shape], dtype));
  const warn = (line: string): void => expect.fail(line);
  const run = form === 'compiled' ? compile(op, { name: 'case', warn }) : op;
  const before = compileStatistics().replays;
  try {
    checkOp({ ...rest, op: (...inputs) => tf.tidy(() => run(inputs, whole)) });
    const empty = [...rest.inputs, ...given].some(({ data }) => data.length === 0);
    expect(compileStatistics().replays - before, 'replays').toBe(form === 'compiled' && !empty ? 2 : 0);
  } finally {
    freeCompiled(run);
    tf.dispose(whole);
  }
}

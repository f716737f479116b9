import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { compile, compileStatistics, describeCompiled, freeCompiled, summarizeCompiled } from './index.js';

describe('compile', () => {
  it.each(['cpu', 'wasm'] as const)('answers with the function itself on %s', async (engine) => {
    await loadEngine(engine);
    const fn = (x: tf.Tensor) => tf.exp(x);
    const fast = compile(fn, { name: 'exp', limit: 3 });
    expect(fast).toBe(fn);
    freeCompiled(fast);
    expect(compileStatistics()).toEqual({ graphs: 0, recorded: 0, replays: 0, functions: [] });
    expect(describeCompiled()).toBe(summarizeCompiled());
    expect(summarizeCompiled()).toBe('0 graphs, recorded 0 times, replayed 0 times');
  });

  it('names an option that is wrong', () => {
    expect(() => compile(() => 1, { limit: 0 })).toThrow(/HOOKLINE_OPTIONS|limit/);
  });
});

import { describe, expect, it } from 'vitest';
import { followPyTorch, present } from './pytorch.js';

/** The first steps only: all fifty take minutes on wasm, and are compared on native. */
describe.skipIf(!present)('the first steps of fine-tuning real weights on wasm follow PyTorch', { timeout: 300_000 }, () => {
  it.each([
    ['STS-B', 3, 1e-3],
    ['CoLA', 4, 1e-4],
    ['RTE', 1, 1e-4],
  ])('%s, %d steps', async (task, steps, tolerance) => {
    expect((await followPyTorch(task, 'wasm', steps)).loss).toBeLessThan(tolerance);
  });
});

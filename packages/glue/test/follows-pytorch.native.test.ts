import { describe, expect, it } from 'vitest';
import { followPyTorch, present } from './pytorch.js';

describe.skipIf(!present)('fifty steps of fine-tuning real weights on native follow PyTorch', { timeout: 900_000 }, () => {
  it.each([
    ['STS-B', 1e-3],
    ['CoLA', 1e-4],
    ['RTE', 1e-4],
  ])('%s', async (task, tolerance) => {
    const { loss, logits } = await followPyTorch(task, 'native', 50);
    expect(loss).toBeLessThan(tolerance);
    expect(logits).toBeLessThan(1e-3);
  });
});

import { describe, expect, it } from 'vitest';
import { partProducts, productFlops, stepProducts } from './products.js';
import { benchShape } from './shape.js';

describe('stepProducts', () => {
  it('counts a product and the two of its gradients, 2·m·k·n each', () => {
    const tiny = {
      numHiddenLayers: 0,
      hiddenSize: 2,
      numAttentionHeads: 1,
      intermediateSize: 8,
      vocabSize: 7,
      sequenceLength: 4,
      batchSize: 3,
      maskedPerRow: 1,
    };
    expect(productFlops(stepProducts(tiny))).toBe(3 * (2 * 3 * 2 * 2 + 2 * 3 * 2 * 7));
  });

  it('is the blocks and the head, forward and backward', () => {
    const parts = (['blocks', 'head'] as const).flatMap((part) => (['forward', 'backward'] as const).map((pass) => partProducts(benchShape, part, pass)));
    expect(productFlops(parts.flat())).toBe(productFlops(stepProducts(benchShape)));
    expect(productFlops(parts[1] ?? [])).toBe(2 * productFlops(parts[0] ?? []));
  });

  it('comes to 23 GFLOP for the benchmarks model', () => {
    const tokens = 1024;
    const layer = 2 * tokens * 256 * 256 * 4 + 2 * 2 * tokens * 256 * 1024 + 2 * 2 * tokens * 128 * 256;
    const head = 2 * 160 * 256 * (256 + 8000);
    expect(productFlops(stepProducts(benchShape))).toBe(3 * (4 * layer + head));
  });
});

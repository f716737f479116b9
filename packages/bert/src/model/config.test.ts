import { HooklineError } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { flopsPerStep } from './flops.js';
import { bertBlocks, parameterCount, parameterShapes } from './parameters.js';

describe('bertConfig', () => {
  it('knows the published sizes', () => {
    const numbers = (['tiny', 'mini', 'small', 'medium', 'base'] as const).map((size) => {
      const c = bertConfig({ size });
      return [c.numHiddenLayers, c.hiddenSize, c.numAttentionHeads, c.intermediateSize];
    });
    expect(numbers).toEqual([
      [2, 128, 2, 512],
      [4, 256, 4, 1024],
      [4, 512, 8, 2048],
      [8, 512, 8, 2048],
      [12, 768, 12, 3072],
    ]);
  });

  it('lets numbers win over the size, and derives the rest from them', () => {
    expect(bertConfig({ size: 'base', hiddenSize: 48, numHiddenLayers: 0 })).toMatchObject({
      hiddenSize: 48,
      numHiddenLayers: 0,
      numAttentionHeads: 1,
      intermediateSize: 192,
    });
  });

  it.each([
    [{ hiddensize: 64 }, /hiddenSize/],
    [{ hiddenSize: 0 }, /hiddenSize/],
    [{ hiddenDropoutProb: 1 }, /hiddenDropoutProb/],
    [{ hiddenAct: 'relu' }, /hiddenAct/],
    [{ hiddenSize: 100, numAttentionHeads: 3 }, /numAttentionHeads 3/],
  ])('refuses %j', (options, message) => {
    const attempt = () => bertConfig(options as object);
    expect(attempt).toThrow(HooklineError);
    expect(attempt).toThrow(message);
  });
});

describe('counts', () => {
  it('match the published parameter counts of bert-base-uncased', () => {
    const config = bertConfig({ size: 'base', norm: 'post' });
    // 109,482,240 of BertModel; the heads of BertForPreTraining add the transform, the decoder's bias and the classifier
    const heads = 768 * 768 + 768 + 2 * 768 + 30522 + 2 * 768 + 2;
    expect(parameterCount(config)).toBe(109_482_240 + heads);
    expect(parameterCount(bertConfig({ size: 'base', norm: 'pre' })) - parameterCount(config)).toBe(2 * 768);
    expect(parameterCount(config) - parameterCount(config, { nsp: false })).toBe(768 * 768 + 768 + 2 * 768 + 2);
  });

  it('give each block the parameters that it alone uses', () => {
    const config = bertConfig({ size: 'tiny' });
    const blocks = bertBlocks(config);
    const own = blocks.flatMap((block) => block.parameters);
    expect(new Set(own).size).toBe(own.length);
    expect(own).toEqual(Object.keys(parameterShapes(config)).filter((name) => name.startsWith('bert.encoder.layer.')));
    const { attention, ffn } = blocks[1]!.branchParameters as Record<'attention' | 'ffn', string[]>;
    expect(attention.every((name) => name.startsWith('bert.encoder.layer.1.attention.'))).toBe(true);
    expect(ffn.some((name) => name.includes('attention'))).toBe(false);
    expect(blocks[1]?.parameters).toEqual([...attention, ...ffn]);
  });

  it.each([
    ['tiny', 0.44],
    ['mini', 0.74],
    ['small', 0.85],
    ['medium', 0.92],
    ['base', 0.96],
  ] as const)('put the share of the blocks in %s at %d with the head on 15 %% of 128 positions', (size, share) => {
    const flops = flopsPerStep(bertConfig({ size }), { batchSize: 1, sequenceLength: 128, maskedPerRow: 0.15 * 128 });
    expect(flops.blockShare).toBeCloseTo(share, 2);
    expect(flops.blocks + flops.heads).toBe(flops.total);
  });
});

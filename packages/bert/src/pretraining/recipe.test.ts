import { describe, expect, it } from 'vitest';
import { bertConfig, bertSizes } from '../model/config.js';
import { pretrainingRecipe, recipePlugins } from './recipe.js';

describe('pretrainingRecipe', () => {
  it.each(Object.keys(bertSizes) as (keyof typeof bertSizes)[])('gives PostLN of size %s a lower peak and a longer warm-up than PreLN', (size) => {
    const pre = pretrainingRecipe(bertConfig({ size, norm: 'pre' }));
    const post = pretrainingRecipe(bertConfig({ size, norm: 'post' }));
    expect(post.learningRate).toBeLessThan(pre.learningRate);
    expect(post.warmup).toBeGreaterThan(pre.warmup);
  });

  it('never raises the rate with the width', () => {
    const rates = [64, 128, 256, 512, 768, 1024].map((hiddenSize) => pretrainingRecipe(bertConfig({ hiddenSize })).learningRate);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect([rates[1], rates[4]]).toEqual([1e-3, 4e-4]);
  });

  it('provides rate and clipping, so that a user’s plugin for either takes its place', () => {
    expect(recipePlugins(pretrainingRecipe(bertConfig())).flatMap((plugin) => plugin.provides ?? [])).toEqual(['learning-rate', 'clipping']);
  });
});

import { describe, expect, it } from 'vitest';
import { bertConfig, bertSizes } from '../model/config.js';
import { pretrainingRecipe, recipePlugins } from './recipe.js';

describe('pretrainingRecipe', () => {
  it.each(Object.keys(bertSizes) as (keyof typeof bertSizes)[])('gives PostLN of size %s no higher a peak and a longer warm-up than PreLN', (size) => {
    const pre = pretrainingRecipe(bertConfig({ size, norm: 'pre' }));
    const post = pretrainingRecipe(bertConfig({ size, norm: 'post' }));
    expect(post.learningRate).toBeLessThanOrEqual(pre.learningRate);
    expect(post.warmup).toBeGreaterThan(pre.warmup);
  });

  it('never raises the rate with the width', () => {
    const ratesOf = (norm: 'pre' | 'post') =>
      [64, 128, 256, 512, 768, 1024].map((hiddenSize) => pretrainingRecipe(bertConfig({ hiddenSize, norm })).learningRate);
    expect(ratesOf('pre')).toEqual([1e-3, 1e-3, 1e-3, 7e-4, 4e-4, 4e-4]);
    expect(ratesOf('post')).toEqual([1e-3, 1e-3, 5e-4, 2e-4, 1e-4, 1e-4]);
  });

  it('provides rate and clipping, so that a user’s plugin for either takes its place', () => {
    expect(recipePlugins(pretrainingRecipe(bertConfig())).flatMap((plugin) => plugin.provides ?? [])).toEqual(['learning-rate', 'clipping']);
  });
});

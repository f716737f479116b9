import { definePlugin, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { commonOptions, type PldOptions } from './options.js';
import { profileSchema } from './profile.js';
import { droppingHooks } from './progressive-layer-dropping.js';

/** Options of stochastic depth. */
export const stochasticDepthOptions = z
  .strictObject({
    /** Keep probability of the last block; default 0.5, as in the paper. */
    finalSurvival: z.number().min(0).max(1).optional(),
    /** Default `linear`, the paper's linear decay; `uniform` is its other rule. */
    profile: profileSchema.default('linear'),
    /**
     * `inverted` (default): 1/p in training, by the default rule of layer dropping, and the plain network at evaluation. `evaluation`: the
     * original, unscaled in training, each residual times its keep probability at evaluation. `branch`, `block`, `none`: as in layer dropping.
     */
    scaling: z.enum(['inverted', 'evaluation', 'branch', 'block', 'none']).default('inverted'),
    ...commonOptions,
  })
  .refine((options) => options.finalSurvival === undefined || options.matchSaving === undefined, {
    path: ['matchSaving'],
    error: 'solves finalSurvival, so give only one of the two',
  });

export type StochasticDepthOptions = z.input<typeof stochasticDepthOptions>;

/** Stochastic depth in the terms of layer dropping, e.g. for `expectedSaving`; its evaluation apart. */
export function stochasticDepthAsPld(input: StochasticDepthOptions = {}): PldOptions {
  const { finalSurvival, scaling, ...common } = parseOptions('stochastic depth', stochasticDepthOptions, input);
  return {
    schedule: 'constant',
    ...(common.matchSaving === undefined ? { thetaBar: finalSurvival ?? 0.5 } : {}),
    ...(scaling === 'inverted' ? {} : { scaling: scaling === 'evaluation' ? 'none' : scaling }),
    ...common,
  };
}

/** Stochastic depth (Huang et al., ECCV 2016, arXiv 1603.09382), per batch: survival falls linearly with the depth, constant over the run. */
export const stochasticDepth = definePlugin({
  name: 'stochastic-depth',
  options: stochasticDepthOptions,
  order: () => ({ provides: ['gating'] }),
  hooks: (options, run) => droppingHooks('stochastic-depth', stochasticDepthAsPld(options), run, options.scaling === 'evaluation' ? 'expected' : 'whole'),
});

import { definePlugin, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { commonOptions, type PldOptions, scalingSchema } from './options.js';
import { droppingHooks } from './progressive-layer-dropping.js';

/** Options of LayerDrop. */
export const layerDropOptions = z
  .strictObject({
    /** Probability that a layer is dropped; default 0.2, as in the paper. */
    p: z.number().min(0).max(1).optional(),
    /** Default `none`: the original scales nothing, in training or evaluation. */
    scaling: scalingSchema.default('none'),
    ...commonOptions,
  })
  .refine((options) => options.p === undefined || options.matchSaving === undefined, { path: ['matchSaving'], error: 'solves p, so give only one of the two' });

export type LayerDropOptions = z.input<typeof layerDropOptions>;

/** LayerDrop in the terms of layer dropping, e.g. for `expectedSaving`: the same keep probability 1 − p in each block and step. */
export function layerDropAsPld(input: LayerDropOptions = {}): PldOptions {
  const { p, ...common } = parseOptions('LayerDrop', layerDropOptions, input);
  return { schedule: 'constant', profile: 'uniform', ...(common.matchSaving === undefined ? { thetaBar: 1 - (p ?? 0.2) } : {}), ...common };
}

/** LayerDrop (Fan, Grave & Joulin, ICLR 2020, arXiv 1909.11556): whole layers with a uniform probability, per batch, unscaled. */
export const layerDrop = definePlugin({
  name: 'layer-drop',
  options: layerDropOptions,
  order: () => ({ provides: ['gating'] }),
  hooks: (options, run) => droppingHooks('layer-drop', layerDropAsPld(options), run),
});

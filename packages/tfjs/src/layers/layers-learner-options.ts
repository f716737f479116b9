import { parseOptions } from '@hookline/core';
import * as z from 'zod';
import { commonOptions } from '../learner/learner-options.js';
import { residualBlockOptions } from './choose.js';

/** Losses and metrics are checked against the model, the optimizer where it is chosen. */
const layersLearnerOptions = z.strictObject({
  ...commonOptions,
  loss: z.unknown().optional(),
  metrics: z.unknown().optional(),
  lossWeights: z.custom((value) => typeof value === 'object' && value !== null, 'must be numbers in a list or by output').optional(),
  classWeight: z.custom((value) => typeof value === 'object' && value !== null, 'must be numbers by class, or these by output').optional(),
  residual: residualBlockOptions.optional(),
});

/** @throws HooklineError `HOOKLINE_OPTIONS` naming the option of `layersLearner` that is wrong, or the nearest to one that is not known */
export function checkLayersLearner(options: unknown): void {
  parseOptions('layersLearner', layersLearnerOptions, options);
}

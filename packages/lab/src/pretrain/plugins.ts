import { type BertConfig, pretrainingRecipe } from '@hookline/bert';
import {
  accumulateGradients,
  checkpoints,
  clipGradients,
  evaluateEvery,
  gradientCheckpointing,
  learningRate,
  type Plugin,
  weightAveraging,
} from '@hookline/core';
import { metricsFile } from '@hookline/core/node';
import {
  expectedSaving,
  layerDrop,
  layerDropAsPld,
  type PldOptions,
  progressiveLayerDropping,
  stochasticDepth,
  stochasticDepthAsPld,
} from '@hookline/pld-plugin';
import { telemetryPlugins } from '../telemetry/telemetry.js';
import type { PretrainConfig } from './config.js';

/** The set of held-out batches, by the name under which it is evaluated. */
export const heldOutSet = 'heldOut';

/** The method of a configuration: its plugin, its name, and its options in the terms of layer dropping. */
export interface Method {
  readonly name: string;
  readonly plugin: Plugin;
  readonly asPld: PldOptions;
}

/** The method that plans which blocks run; none where every block always does. */
export function methodOf({
  pld,
  layerDrop: dropped,
  stochasticDepth: depth,
}: Pick<PretrainConfig, 'pld' | 'layerDrop' | 'stochasticDepth'>): Method | undefined {
  if (pld) return { name: 'progressive layer dropping', plugin: progressiveLayerDropping(pld), asPld: pld };
  if (dropped) return { name: 'LayerDrop', plugin: layerDrop(dropped), asPld: layerDropAsPld(dropped) };
  if (depth) return { name: 'stochastic depth', plugin: stochasticDepth(depth), asPld: stochasticDepthAsPld(depth) };
  return undefined;
}

/** Expected share of the blocks' compute that a configuration saves over so many steps; 0 without a method. */
export function blockSaving(config: PretrainConfig, depth: number, steps: number): number {
  const method = methodOf(config);
  return method && depth > 0 ? expectedSaving(method.asPld, { depth, steps }) : 0;
}

/**
 * Greatest rate of a run that goes on from weights, unless the user says: that at which Gururangan et al. 2020 (arXiv:2004.10964) go on with a model of
 * width 768. The rates of new models would undo what was learnt.
 */
const furtherRate = 1e-4;

/** The plugins of a run, in no particular order: the trainer orders them. */
export function runPlugins(config: PretrainConfig, model: BertConfig): readonly Plugin[] {
  const { schedule, peak, warmup } = config.learningRate;
  const recipe = pretrainingRecipe(model, config.optimizer);
  const recipeRate = config.checkpoint ? Math.min(recipe.learningRate, furtherRate) : recipe.learningRate;
  const method = methodOf(config);
  const { every, keep, best } = config.checkpoints;
  return [
    ...(method ? [method.plugin] : []),
    learningRate({ schedule, peak: peak ?? recipeRate, warmup: warmup ?? recipe.warmup }),
    clipGradients({ norm: config.clip }),
    ...(config.recompute ? [gradientCheckpointing()] : []),
    ...(config.accumulation > 1 ? [accumulateGradients({ microBatches: config.accumulation })] : []),
    ...(config.ema === undefined ? [] : [weightAveraging({ decay: config.ema })]),
    evaluateEvery({ steps: config.evaluation.every }),
    checkpoints({ every, keep, ...(best ? { best: { set: heldOutSet, metric: 'mlmLoss', mode: 'min' as const } } : {}) }),
    metricsFile(),
    ...telemetryPlugins(config.telemetry, config),
  ];
}

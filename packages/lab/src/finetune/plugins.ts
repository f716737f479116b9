import { checkpoints, clipGradients, evaluateEvery, gradientCheckpointing, learningRate, type Plugin } from '@hookline/core';
import { metricsFile } from '@hookline/core/node';
import type { FineTuningLearner } from '@hookline/glue';
import { methodOf } from '../pretrain/plugins.js';
import { telemetryPlugins } from '../telemetry/telemetry.js';
import type { FinetuneConfig } from './config.js';
import { bestBy } from './files.js';

/** The plugins of a run, in no particular order. The last checkpoint and the best by the score on the first set are kept. */
export function finetunePlugins(config: FinetuneConfig, learner: FineTuningLearner): readonly Plugin[] {
  const { schedule, peak, warmup } = config.learningRate;
  const method = methodOf(config);
  const [set] = learner.evaluationSets;
  const epoch = learner.data.batchesPerEpoch;
  return [
    ...(method ? [method.plugin] : []),
    learningRate({ schedule, peak: peak ?? learner.recipe.learningRate, warmup }),
    clipGradients({ norm: config.clip }),
    ...(config.recompute ? [gradientCheckpointing()] : []),
    evaluateEvery({ steps: config.evaluation.every ?? epoch }),
    checkpoints({ every: epoch, keep: 1, ...(set === undefined ? {} : { best: bestBy(set) }) }),
    metricsFile(),
    ...telemetryPlugins(config.telemetry, config),
  ];
}

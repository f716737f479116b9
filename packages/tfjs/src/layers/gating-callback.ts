import { type DrivenPlugins, drivePlugins, HooklineError, type Plugin } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import { CustomCallback, type LayersModel } from '@tensorflow/tfjs-layers';
import { tensorAlgebra } from '../learner/algebra.js';
import type { ResidualBlockOptions } from './choose.js';
import { trainedModel } from './compilation.js';
import { type GatedFit, gateFit } from './gated-fit.js';
import { gatedModel } from './gated-model.js';

export interface GatingOptions {
  /** Optimizer steps of the whole training, where `fit` cannot know them. */
  readonly steps?: number;
  /** Key of the gates' draws, default 0. */
  readonly seed?: number;
  /** Which residual blocks, see `residualBlocks`. */
  readonly residual?: ResidualBlockOptions;
}

type Plugins = readonly Plugin<tf.Tensor>[];

/** What `fit` tells its callbacks. */
interface FitParameters {
  readonly epochs: number;
  readonly initialEpoch?: number | null;
  readonly samples?: number | null;
  readonly batchSize?: number | null;
  /** Batches an epoch, from `fitDataset`. */
  readonly steps?: number | null;
}

interface Length {
  readonly total: number;
  readonly batchesPerEpoch: number;
}

function lengthOf(given: number | undefined, { epochs, initialEpoch, samples, batchSize, steps }: FitParameters): Length {
  const batchesPerEpoch = steps ?? (samples && batchSize ? Math.ceil(samples / batchSize) : undefined);
  const counted = batchesPerEpoch !== undefined && Number.isFinite(batchesPerEpoch);
  const total = given ?? (counted ? (epochs - (initialEpoch ?? 0)) * batchesPerEpoch : undefined);
  if (total !== undefined) return { total, batchesPerEpoch: counted ? batchesPerEpoch : total };
  throw new HooklineError('HOOKLINE_FIT', 'gatingCallback: fitDataset does not say how many batches an epoch has', {
    hint: 'give fitDataset batchesPerEpoch, or gatingCallback(model, { steps }, …) the steps of the whole training',
  });
}

const rateOf = ({ optimizer }: LayersModel): number => {
  const { learningRate } = optimizer.getConfig() as { readonly learningRate?: number };
  return learningRate ?? 0;
};

/**
 * A callback for `model.fit` or `model.fitDataset`, under which plugins that plan gates decide which residual blocks run in each training batch. Loss,
 * metrics and optimizer are `fit`'s own; validation, and predictions made by other callbacks, see the whole model. The model is touched only from the begin of a
 * training to its end, however it ends.
 *
 * A closed block is not called: its weights, their moments, its moving averages and its regularizers do nothing in that step. Gains are applied.
 * What needs more than gates (clipping, averaging, checkpoints, another learning rate) is refused by name: use `layersLearner`. Among several callbacks, all
 * must be `tf.Callback`s or `tf.CustomCallback`s, as tf.layers wants it.
 * @throws HooklineError `HOOKLINE_RESIDUAL` where there is no residual block; from `fit`: `HOOKLINE_FIT` where its length is not known, for the fit of another
 *   model, and for a second training at the same time; `HOOKLINE_DRIVEN`, `HOOKLINE_HOOK` naming the plugin
 */
export function gatingCallback(model: LayersModel, ...plugins: Plugins): CustomCallback;
export function gatingCallback(model: LayersModel, options: GatingOptions, ...plugins: Plugins): CustomCallback;
export function gatingCallback(model: LayersModel, ...given: readonly (GatingOptions | Plugin<tf.Tensor>)[]): CustomCallback {
  const [first, ...rest] = given;
  const optioned = first !== undefined && !('name' in first);
  const options: GatingOptions = optioned ? first : {};
  const plugins = (optioned ? rest : given) as Plugins;
  const gated = gatedModel(model, options.residual);
  const inner = trainedModel(model);
  let training: { readonly driven: DrivenPlugins<tf.Tensor>; readonly fit: GatedFit } | undefined;

  const inTraining = () => {
    if (training) return training;
    throw new HooklineError('HOOKLINE_FIT', 'gatingCallback: its training is over', { hint: 'give the callback to fit' });
  };

  const callback: CustomCallback = new CustomCallback({
    async onTrainBegin() {
      const { total, batchesPerEpoch } = lengthOf(options.steps, callback.params as unknown as FitParameters);
      const driven = await drivePlugins<tf.Tensor>({
        driver: 'model.fit',
        plugins,
        blocks: gated.blocks,
        algebra: tensorAlgebra(),
        total,
        batchesPerEpoch,
        learningRate: rateOf(inner),
        ...(options.seed === undefined ? {} : { seed: options.seed }),
      });
      const fit = gateFit(inner, gated, () => {
        training = undefined;
        driven.close();
      });
      training = { driven, fit };
    },
    async onBatchBegin() {
      const { driven, fit } = inTraining();
      const { gates } = await driven.begin();
      fit.plan(gates, driven.block());
    },
    async onBatchEnd(_, logs) {
      const { driven } = inTraining();
      const loss = logs?.['loss'] as number;
      const end = await driven.end({ losses: { loss }, gradientNorm: Number.NaN });
      if (end.stop !== undefined) inner.stopTraining = true;
    },
    async onTrainEnd() {
      inTraining().fit.end();
    },
  });
  return callback;
}

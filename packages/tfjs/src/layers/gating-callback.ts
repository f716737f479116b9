import { type DrivenPlugins, drivePlugins, HooklineError, type Plugin, parseOptions } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import { CustomCallback, type LayersModel } from '@tensorflow/tfjs-layers';
import * as z from 'zod';
import { tensorAlgebra } from '../learner/algebra.js';
import { residualBlockOptions } from './choose.js';
import { trainedModel } from './compilation.js';
import { type GatedFit, gateFit } from './gated-fit.js';
import { gatedModel } from './gated-model.js';

const gatingOptions = z.strictObject({
  /** Optimizer steps of the whole training, where `fit` cannot know them. */
  steps: z.int().positive().optional(),
  /** Key of the gates' draws, default 0. */
  seed: z.int().nonnegative().optional(),
  /** Which residual blocks, see `residualBlocks`. */
  residual: residualBlockOptions.optional(),
});

export type GatingOptions = z.input<typeof gatingOptions>;

type Plugins = readonly Plugin<tf.Tensor>[];

/** What `fit` tells its callbacks. */
interface FitParameters {
  readonly epochs: number;
  readonly samples?: number | null;
  readonly batchSize?: number | null;
  /** Batches an epoch, from `fitDataset`. */
  readonly steps?: number | null;
}

interface Length {
  readonly total: number;
  readonly batchesPerEpoch: number;
}

/** @param firstEpoch as `fit` begins with it: what it tells of `initialEpoch` is not always so */
function lengthOf(given: number | undefined, { epochs, samples, batchSize, steps }: FitParameters, firstEpoch: number): Length {
  const batchesPerEpoch = steps ?? (samples && batchSize ? Math.ceil(samples / batchSize) : undefined);
  const counted = batchesPerEpoch !== undefined && Number.isFinite(batchesPerEpoch);
  const total = given ?? (counted ? (epochs - firstEpoch) * batchesPerEpoch : undefined);
  if (total !== undefined) return { total, batchesPerEpoch: counted ? batchesPerEpoch : total };
  throw new HooklineError('HOOKLINE_FIT', 'gatingCallback: fitDataset does not say how many batches an epoch has', {
    hint: 'give fitDataset batchesPerEpoch, or gatingCallback(model, { steps }, …) the steps of the whole training',
  });
}

/** An optimizer of the user's own need not have settings to show. */
const rateOf = ({ optimizer }: LayersModel): number => (optimizer.getConfig?.() as { readonly learningRate?: number } | undefined)?.learningRate ?? 0;

interface Arguments {
  readonly options: GatingOptions;
  readonly plugins: Plugins;
}

function argumentsOf(given: readonly unknown[]): Arguments {
  const [first, ...rest] = given;
  const object = typeof first === 'object' && first !== null;
  if (given.some(Array.isArray) || (object && 'plugins' in first)) {
    throw new HooklineError('HOOKLINE_OPTIONS', 'gatingCallback: plugins are given in a list', {
      hint: 'give them one by one, after the options if there are any: gatingCallback(model, { seed }, first, second)',
    });
  }
  const optioned = first === undefined || (typeof first !== 'function' && !(object && 'name' in first));
  const plugins = optioned ? rest : given;
  const strange = plugins.find((plugin) => typeof plugin !== 'object' || plugin === null || !('name' in plugin));
  if (strange !== undefined) {
    throw new HooklineError('HOOKLINE_OPTIONS', `gatingCallback: a plugin is ${typeof strange === 'function' ? 'a function' : 'without a name'}`, {
      hint: 'options come before the plugins, and a plugin is what its function answers: progressiveLayerDropping({ thetaBar: 0.5 })',
    });
  }
  return { options: optioned && first !== undefined ? parseOptions('gatingCallback', gatingOptions, first) : {}, plugins: plugins as Plugins };
}

/** What `fit` calls a callback by. */
const handlers = ['onTrainBegin', 'onEpochBegin', 'onBatchBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'] as const;

/**
 * A callback for `model.fit` or `model.fitDataset`, under which plugins that plan gates decide which residual blocks run in each training batch. Loss,
 * metrics and optimizer are `fit`'s own; validation, and predictions made by other callbacks, see the whole model. The model is touched only from the begin of a
 * training to its end, however it ends.
 *
 * A closed block is not called: its weights, their moments, its moving averages and its regularizers do nothing in that step. Gains are applied.
 * What needs more than gates (clipping, averaging, checkpoints, another learning rate) is refused by name: use `layersLearner`. Among several callbacks, all
 * must be `tf.Callback`s or `tf.CustomCallback`s, as tf.layers wants it.
 * @throws HooklineError `HOOKLINE_OPTIONS`; `HOOKLINE_RESIDUAL` where there is no residual block; from `fit`: `HOOKLINE_FIT` where its length is not known, for
 *   the fit of another model, for a second training at the same time, and for a batch within a batch; `HOOKLINE_DRIVEN`, `HOOKLINE_HOOK` naming the plugin
 */
export function gatingCallback(model: LayersModel, ...plugins: Plugins): CustomCallback;
export function gatingCallback(model: LayersModel, options: GatingOptions, ...plugins: Plugins): CustomCallback;
export function gatingCallback(model: LayersModel, ...given: readonly (GatingOptions | Plugin<tf.Tensor>)[]): CustomCallback {
  const { options, plugins } = argumentsOf(given);
  const read = () => ({ gated: gatedModel(model, options.residual), inner: trainedModel(model), outputs: [...model.outputs] });
  let known = read();
  let fit: GatedFit | undefined;
  let driven: DrivenPlugins<tf.Tensor> | undefined;

  const inTraining = () => {
    if (fit && driven) return { fit, driven, inner: known.inner };
    throw new HooklineError('HOOKLINE_FIT', 'gatingCallback: its training is over', { hint: 'give the callback to fit' });
  };

  const callback: CustomCallback = new CustomCallback({
    async onTrainBegin() {
      if (callback.params === undefined) {
        throw new HooklineError('HOOKLINE_FIT', 'gatingCallback: tf.layers made a callback of its own out of it, for another in the list is a plain object', {
          hint: 'make the others with new tf.CustomCallback({ … })',
        });
      }
      // a Sequential may have grown since
      if (known.outputs.some((output, i) => output !== model.outputs[i])) known = read();
      fit = gateFit(known.inner, known.gated, () => {
        const plans = driven;
        fit = driven = undefined;
        callback.params = undefined as never; // those of one training are not those of the next
        plans?.close();
      });
    },
    async onEpochBegin(epoch) {
      if (driven) return;
      const { total, batchesPerEpoch } = lengthOf(options.steps, callback.params as unknown as FitParameters, epoch);
      driven = await drivePlugins<tf.Tensor>({
        driver: 'model.fit',
        plugins,
        blocks: known.gated.blocks,
        algebra: tensorAlgebra(),
        total,
        batchesPerEpoch,
        learningRate: rateOf(known.inner),
        ...(options.seed === undefined ? {} : { seed: options.seed }),
      });
    },
    async onBatchBegin() {
      const { driven, fit } = inTraining();
      const { gates } = await driven.begin();
      fit.plan(gates, driven.block());
    },
    async onBatchEnd(_, logs) {
      const { driven, fit, inner } = inTraining();
      fit.trained();
      const loss = logs?.['loss'] as number;
      const end = await driven.end({ losses: { loss }, gradientNorm: Number.NaN });
      if (end.stop !== undefined) inner.stopTraining = true;
    },
    async onTrainEnd() {
      fit?.end();
    },
  });
  // its own, not the class's: tf.layers hands them to a copy where another callback is a plain object, and that copy would call itself for ever
  return Object.assign(callback, Object.fromEntries(handlers.map((name) => [name, callback[name].bind(callback)])));
}

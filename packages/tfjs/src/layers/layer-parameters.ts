import type * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { afterwards } from '../afterwards.js';
import { type Parameters, parametersOf } from '../learner/parameters.js';
import type { LayerWeight } from './weights.js';

/** What a layer's `read()` answers with, from where layers take it. */
interface Readable {
  val: tf.Tensor;
}

/**
 * A model's own weights as parameters: what is trained is the user's model, at every moment. Those that are not trained, moving averages among them, are
 * buffers. Layers ask nobody for a weight, so under `using` the layers' variables hold the other tensors.
 */
export function layerParameters(weights: ReadonlyMap<string, LayerWeight>): Parameters {
  const entries = [...weights].map(([name, weight]) => ({ name, trainable: weight.trainable, variable: weight.variable.read() as tf.Variable }));
  const some = (trainable: boolean) => new Map(entries.filter((one) => one.trainable === trainable).map(({ name, variable }) => [name, variable]));
  const parameters = parametersOf(some(true), new Set(entries.map(({ variable }) => variable)), some(false));
  const holderOf = (name: string): Readable => (weights.get(name) as LayerWeight).variable as LayerVariable & object as unknown as Readable;

  /** Puts the tensors into the layers, and answers with the way back. */
  const substitute = (tensors: ReadonlyMap<string, tf.Tensor>): (() => void) => {
    const changed = [...tensors].map(([name, tensor]) => ({ holder: holderOf(name), tensor })).filter(({ holder, tensor }) => holder.val !== tensor);
    const before = changed.map(({ holder }) => holder.val);
    for (const { holder, tensor } of changed) holder.val = tensor;
    return () => {
      for (const [i, { holder }] of changed.entries()) holder.val = before[i] as tf.Tensor;
    };
  };

  return {
    ...parameters,
    get substituted() {
      return parameters.substituted;
    },
    using(tensors, f) {
      return parameters.using(tensors, () => afterwards(f, substitute(tensors)));
    },
  };
}

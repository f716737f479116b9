import { callCompiled } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertModel } from './bert.js';
import { parameterNames } from './parameters.js';

/**
 * Runs a part of the model that is no block: compiled where the model says so and the engine can, with the part's parameters as arguments.
 * @param name tells the functions of one model apart
 * @param parameters the parameters that `fn` may use
 * @param fn depends on its arguments and the model's configuration alone
 */
export function runPart<A extends readonly unknown[], R>(
  model: BertModel,
  name: string,
  parameters: keyof typeof parameterNames,
  fn: (model: BertModel, ...args: A) => R,
  ...args: A
): R {
  const { compiled, config } = model;
  if (!compiled) return fn(model, ...args);
  const weights = Object.fromEntries(parameterNames[parameters].map((key) => [key, model.parameters.get(key)]));
  const run = (given: Readonly<Record<string, tf.Tensor>>, ...rest: A): R => fn({ config, parameters: { get: (key) => given[key] as tf.Tensor } }, ...rest);
  return callCompiled(compiled, name, run, weights, ...args);
}

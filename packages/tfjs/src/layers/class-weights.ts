import { didYouMean, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Factors by the number of a class; a class without one counts once. */
export type ClassWeights = Readonly<Record<number, number>>;
export type ClassWeightOption = ClassWeights | Readonly<Record<string, ClassWeights>>;

const fault = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_OPTIONS', `layersLearner: ${what}`, { hint });

function factorsOf(given: ClassWeights, output: string, shape: readonly (number | null)[]): Float32Array {
  const [, width, ...more] = shape;
  if (!width || more.length > 0) {
    throw fault(`classWeight is for outputs of a class a row, and '${output}' is [${shape.map((size) => size ?? '?')}]`, 'give a loss of your own that weighs');
  }
  const classes = width === 1 ? 2 : width;
  const factors = new Float32Array(classes).fill(1);
  for (const [name, factor] of Object.entries(given)) {
    const number = Number(name);
    if (!Number.isInteger(number) || number < 0 || number >= classes) {
      throw fault(`classWeight names a class '${name}', and '${output}' has ${classes}`, `classes are numbers from 0 to ${classes - 1}`);
    }
    if (typeof factor !== 'number' || !(factor >= 0 && factor < Number.POSITIVE_INFINITY)) {
      throw fault(`classWeight of class ${name} of '${output}' is ${String(factor)}`, 'give a number that is not negative');
    }
    factors[number] = factor;
  }
  return factors;
}

/**
 * The factors by class for each output of a model, undefined where there are none.
 * @throws HooklineError `HOOKLINE_OPTIONS` for outputs and classes that the model does not have
 */
export function classWeightsOf({ outputNames, outputs }: LayersModel, given: ClassWeightOption | undefined): readonly (Float32Array | undefined)[] {
  if (given === undefined) return outputNames.map(() => undefined);
  const named = Object.values(given).some((value) => typeof value === 'object' && value !== null);
  if (!named && outputNames.length > 1) throw fault('classWeight is given for one output of several', `name it: classWeight: { ${outputNames[0]}: { … } }`);
  const byOutput = (named ? given : { [outputNames[0] as string]: given }) as Readonly<Record<string, ClassWeights>>;
  const strange = Object.keys(byOutput).find((name) => !outputNames.includes(name));
  if (strange !== undefined) throw fault(`classWeight is given for '${strange}', which is no output of the model`, didYouMean(strange, outputNames));
  return outputNames.map((name, i) => {
    const factors = byOutput[name];
    return factors === undefined ? undefined : factorsOf(factors, name, outputs[i]?.shape ?? []);
  });
}

/**
 * The losses of a batch's rows, each times the factor of its class: as `fit` weighs them.
 * @param targets numbers of classes, [batch, 1], or shares, [batch, classes]: the largest is the row's
 * @throws HooklineError `HOOKLINE_LOSS` for a loss that is not one number a row
 */
export function weighed(losses: tf.Tensor, targets: tf.Tensor, factors: tf.Tensor): tf.Tensor {
  const rows = targets.shape[0] as number;
  if (losses.rank !== 1 || losses.size !== rows) {
    throw new HooklineError('HOOKLINE_LOSS', `a loss answers with a tensor of shape [${losses.shape}] for ${rows} rows, which classWeight cannot weigh`, {
      hint: 'answer with one number a row, as the losses of tf.layers do',
    });
  }
  const classes = (targets.shape[1] as number) > 1 ? tf.argMax(targets, 1) : tf.cast(tf.reshape(targets, [-1]), 'int32');
  return tf.mul(losses, tf.gather(factors, classes));
}

import { didYouMean, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { TensorTree } from '../learner/tensor-rows.js';

/** One tensor that a model takes or is compared with. */
interface Port {
  readonly name: string;
  /** Without the batch axis; null where open. */
  readonly shape: readonly (number | null)[];
}

/** Inputs of a model. */
export const inputPorts = ({ inputNames, inputs }: LayersModel): readonly Port[] =>
  inputNames.map((name, i) => ({ name, shape: (inputs[i]?.shape ?? []).slice(1) }));

/** Targets of a model; those of a sparse loss are numbers of classes. */
export const targetPorts = ({ outputNames, outputs }: LayersModel, sparse: readonly boolean[]): readonly Port[] =>
  outputNames.map((name, i) => {
    const shape = (outputs[i]?.shape ?? []).slice(1);
    return { name, shape: sparse[i] ? [...shape.slice(0, -1), 1] : shape };
  });

const fault = (what: string, hint?: string): HooklineError => new HooklineError('HOOKLINE_SHAPE', what, hint === undefined ? {} : { hint });

function listed(what: string, given: TensorTree, ports: readonly Port[]): readonly tf.Tensor[] {
  const names = ports.map(({ name }) => name);
  const tensors = given instanceof tf.Tensor ? [given] : Array.isArray(given) ? (given as readonly tf.Tensor[]) : undefined;
  if (tensors) {
    if (tensors.length !== ports.length)
      throw fault(`${what} are ${tensors.length} tensors and the model has ${ports.length}`, `give ${names.join(', ')}, in this order`);
    return tensors;
  }
  const byName = given as Readonly<Record<string, tf.Tensor>>;
  const strange = Object.keys(byName).find((name) => !names.includes(name));
  if (strange !== undefined) throw fault(`${what} have a tensor '${strange}', which the model does not know`, didYouMean(strange, names));
  return names.map((name) => {
    const tensor = byName[name];
    if (!tensor) throw fault(`${what} have no tensor '${name}'`, `give ${names.join(', ')}`);
    return tensor;
  });
}

/**
 * The tensors of a batch in the model's order: one, a list, or by name. As `model.fit` does it, tensors of one axis get a second one of size 1.
 * @throws HooklineError `HOOKLINE_SHAPE` naming input or target
 */
export function feed(what: 'xs' | 'ys', given: TensorTree, ports: readonly Port[]): readonly tf.Tensor[] {
  return listed(what, given, ports).map((tensor, i) => {
    const { name, shape } = ports[i] as Port;
    const column = tensor.rank === 1 && shape.length > 0 ? tf.expandDims(tensor, 1) : tensor;
    const fits = column.rank === shape.length + 1 && shape.every((size, axis) => size === null || size === column.shape[axis + 1]);
    if (fits) return column;
    const wanted = ['batch', ...shape.map((size) => size ?? 'any')].join(', ');
    throw fault(`${what} for '${name}' have shape [${tensor.shape}] where the model has [${wanted}]`);
  });
}

/** The number of examples in a batch. @throws HooklineError `HOOKLINE_SHAPE` where its tensors differ in it */
export function rowsOf(tensors: readonly tf.Tensor[]): number {
  const counts = new Set(tensors.map(({ shape }) => shape[0] as number));
  if (counts.size !== 1) throw fault(`a batch's tensors have ${[...counts].join(' and ')} rows`, 'each example is one row in each tensor');
  return [...counts][0] as number;
}

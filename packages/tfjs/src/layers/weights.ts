import { util } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { type Graph, graphOf, type Layer } from './graph.js';

/** A weight of a model under a name of its own. */
export interface LayerWeight {
  /** As tf.layers saves it, `conv2d_1/kernel`; where several of a model have that name, the path of a layer that uses it stands before it. */
  readonly name: string;
  readonly variable: LayerVariable;
  /** Whether `model.fit` would train it now. */
  readonly trainable: boolean;
  readonly size: number;
  readonly layer: Layer;
  /** Indices of the graph's nodes whose layers compute with it: several where a layer is shared. */
  readonly nodes: readonly number[];
}

/** All weights of a graph in the order of its nodes. */
export function weightsOf(model: LayersModel, { nodes }: Graph): readonly LayerWeight[] {
  const trained = new Set(model.trainableWeights);
  const users = new Map<LayerVariable, { readonly layer: Layer; readonly path: string; readonly nodes: number[] }>();
  for (const [index, { layer, name }] of nodes.entries()) {
    for (const variable of layer?.weights ?? []) {
      const known = users.get(variable);
      if (known) known.nodes.push(index);
      else users.set(variable, { layer: layer as Layer, path: name, nodes: [index] });
    }
  }
  const times = new Map<string, number>();
  for (const { originalName } of users.keys()) times.set(originalName, (times.get(originalName) ?? 0) + 1);
  return [...users].map(([variable, { layer, path, nodes: used }]) => ({
    name: times.get(variable.originalName) === 1 ? variable.originalName : `${path}:${variable.originalName}`,
    variable,
    trainable: trained.has(variable),
    size: util.sizeFromShape(variable.shape as number[]),
    layer,
    nodes: used,
  }));
}

/** A model's weights by name: the names that `residualBlocks` uses. Stable over processes for a model built alike whose layers the user named. */
export const layerWeights = (model: LayersModel): ReadonlyMap<string, LayerWeight> =>
  new Map(weightsOf(model, graphOf(model)).map((weight) => [weight.name, weight]));

import { HooklineError } from '@hookline/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import * as tfl from '@tensorflow/tfjs-layers';

/** A layer of tf.layers. */
export type Layer = InstanceType<typeof tfl.layers.Layer>;

/** One use of a layer. A layer that is applied twice has two nodes. */
export interface GraphNode {
  /** Unique in the graph: the layer's name, with `outer/` before it inside a nested model and `:1`, `:2` after it at its later uses. */
  readonly name: string;
  /** Undefined where a tensor enters a model: the model's inputs, and those of models inside it. */
  readonly layer: Layer | undefined;
  /** Values it takes, by index. */
  readonly inputs: readonly number[];
  /** Values it gives. */
  readonly outputs: readonly number[];
  /** As tf.layers knows them, null where open; one for each output. */
  readonly shapes: readonly (readonly (number | null)[])[];
  readonly dtype: SymbolicTensor['dtype'];
}

/** A tf.layers model as the sequence of its layers' uses, models inside it unfolded. */
export interface Graph {
  /** In the order in which tf.layers itself runs them: every node after those it depends on. */
  readonly nodes: readonly GraphNode[];
  /** Values fed and answered, in the model's order. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Index of the node that gives a value. */
  readonly producer: readonly number[];
  /** Indices of the nodes that take a value, in order; a node that takes it twice stands there once. */
  readonly consumers: readonly (readonly number[])[];
}

/** A model inside a model whose inside can be run layer by layer: what it does when called is tf.layers' own doing. */
const unfolds = (layer: Layer): layer is tfl.LayersModel =>
  layer instanceof tfl.LayersModel && (layer.call === tfl.LayersModel.prototype.call || layer.call === tfl.Sequential.prototype.call);

/**
 * Reads the graph of a functional or sequential model. Nothing is called, nothing changed.
 * @throws HooklineError `HOOKLINE_LAYERS_MODEL` for what is no model of this copy of tf.layers, or has no layers yet
 */
export function graphOf(model: tfl.LayersModel): Graph {
  if (!(model instanceof tfl.LayersModel)) {
    throw new HooklineError('HOOKLINE_LAYERS_MODEL', 'this is no model of @tensorflow/tfjs-layers', {
      hint: 'give what tf.model, tf.sequential or tf.loadLayersModel answers; where it is one, two copies are installed: see `npm ls @tensorflow/tfjs-layers`',
    });
  }
  if (model.outputs.length === 0) throw new HooklineError('HOOKLINE_LAYERS_MODEL', `model '${model.name}' has no layers`, { hint: 'add some first' });
  const nodes: GraphNode[] = [];
  const producer: number[] = [];
  const uses = new Map<string, number>();

  const push = (path: string, layer: Layer | undefined, inputs: readonly number[], outputs: readonly SymbolicTensor[]): readonly number[] => {
    const before = uses.get(path) ?? 0;
    uses.set(path, before + 1);
    const values = outputs.map(() => producer.push(nodes.length) - 1);
    const [first] = outputs;
    nodes.push({
      name: before === 0 ? path : `${path}:${before}`,
      layer,
      inputs,
      outputs: values,
      shapes: outputs.map(({ shape }) => shape),
      dtype: first?.dtype as SymbolicTensor['dtype'],
    });
    return values;
  };

  /** Unfolds one use of a model; `given` are the values of its inputs, none for the outermost. */
  const unfold = (inside: tfl.LayersModel, prefix: string, given: readonly number[] | undefined): readonly number[] => {
    const values = new Map<SymbolicTensor, number>();
    const visit = (tensor: SymbolicTensor): void => {
      if (values.has(tensor)) return;
      const layer = tensor.sourceLayer;
      const entrance = inside.inputs.indexOf(tensor);
      if (entrance >= 0) {
        const [value] = push(`${prefix}${tensor.name}`, undefined, given ? [given[entrance] as number] : [], [tensor]);
        values.set(tensor, value as number);
        return;
      }
      const node = layer.inboundNodes[tensor.nodeIndex];
      if (!node) throw new HooklineError('HOOKLINE_LAYERS_MODEL', `layer '${prefix}${layer.name}' was never applied`, { hint: 'build the model anew' });
      // tf.layers' stack takes the last input first
      for (const input of [...node.inputTensors].reverse()) visit(input);
      const inputs = node.inputTensors.map((input) => values.get(input) as number);
      const path = `${prefix}${layer.name}`;
      const outputs = unfolds(layer)
        ? unfold(layer, `${path}${uses.has(`${path}/`) ? `:${uses.get(`${path}/`)}` : ''}/`, inputs)
        : push(path, layer, inputs, node.outputTensors);
      if (unfolds(layer)) uses.set(`${path}/`, (uses.get(`${path}/`) ?? 0) + 1);
      for (const [i, output] of node.outputTensors.entries()) values.set(output, outputs[i] as number);
    };
    for (const output of inside.outputs) visit(output);
    for (const input of inside.inputs) visit(input);
    return inside.outputs.map((output) => values.get(output) as number);
  };

  const outputs = unfold(model, '', undefined);
  const entrances = new Map(nodes.filter((node) => !node.layer && node.inputs.length === 0).map((node) => [node.name, node.outputs[0] as number]));
  const inputs = model.inputs.map((tensor) => entrances.get(tensor.name) as number);
  const consumers: number[][] = producer.map(() => []);
  for (const [index, node] of nodes.entries()) for (const value of new Set(node.inputs)) consumers[value]?.push(index);
  return { nodes, inputs, outputs, producer, consumers };
}

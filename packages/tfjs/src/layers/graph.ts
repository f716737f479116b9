import { HooklineError } from '@hookline/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import * as tfl from '@tensorflow/tfjs-layers';

/** A layer of tf.layers. */
export type Layer = InstanceType<typeof tfl.layers.Layer>;

/** One use of a layer. A layer that is applied twice has two nodes. */
export interface GraphNode {
  /** Unique in the graph: the layer's name, `outer/` before it inside a nested model, `:1`, `:2` after it at its later uses. */
  readonly name: string;
  /** Undefined where a tensor enters a model: the model's inputs, and those of models inside it. */
  readonly layer: Layer | undefined;
  /** Values it takes, in the layer's order. */
  readonly inputs: readonly number[];
  /** Values it gives. */
  readonly outputs: readonly number[];
  readonly dtype: SymbolicTensor['dtype'];
  /** The path of the model that it lies in: empty, `outer/`, … */
  readonly scope: string;
}

/** Sizes as tf.layers knows them, null where open. */
export type Shape = readonly (number | null)[];

/** A tf.layers model as the sequence of its layers' uses, models inside it unfolded. Nodes and values (tensors) are named by their indices. */
export interface Graph {
  /** In the order in which tf.layers itself runs them: every node after those it depends on. */
  readonly nodes: readonly GraphNode[];
  /** Values fed and answered, in the model's order. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** By value. */
  readonly shapes: readonly Shape[];
  /** By value: the node that gives it. */
  readonly producer: readonly number[];
  /** By value: the nodes that take it, in order. */
  readonly consumers: readonly (readonly number[])[];
}

/** A model inside a model that can be run layer by layer: what it does when called is tf.layers' own doing. */
const unfolds = (layer: Layer): layer is tfl.LayersModel =>
  layer instanceof tfl.LayersModel && (layer.call === tfl.LayersModel.prototype.call || layer.call === tfl.Sequential.prototype.call);

/**
 * Reads the graph of a functional or sequential model. Nothing is called, nothing changed.
 * @throws HooklineError `HOOKLINE_LAYERS_MODEL` for what is no model of this copy of tf.layers, or has no layers yet
 */
export function graphOf(model: tfl.LayersModel): Graph {
  if (!(model instanceof tfl.LayersModel)) {
    throw new HooklineError('HOOKLINE_LAYERS_MODEL', 'this is no model of @tensorflow/tfjs-layers', {
      hint: 'give what tf.model, tf.sequential or tf.loadLayersModel answers; if it is such a one, two copies are installed: see `npm ls @tensorflow/tfjs-layers`',
    });
  }
  if (model.outputs.length === 0) throw new HooklineError('HOOKLINE_LAYERS_MODEL', `model '${model.name}' has no layers`, { hint: 'add some first' });
  const nodes: GraphNode[] = [];
  const shapes: Shape[] = [];
  const producer: number[] = [];
  const uses = new Map<string, number>();

  /** The path, with a number after it from its second use on. */
  const use = (path: string): string => {
    const before = uses.get(path) ?? 0;
    uses.set(path, before + 1);
    return before === 0 ? path : `${path}:${before}`;
  };
  const push = (scope: string, layer: Layer | undefined, inputs: readonly number[], given: readonly SymbolicTensor[]): readonly number[] => {
    const [first] = given as readonly [SymbolicTensor];
    const outputs = given.map(({ shape }) => {
      shapes.push(shape);
      return producer.push(nodes.length) - 1;
    });
    nodes.push({ name: use(`${scope}${first.sourceLayer.name}`), layer, inputs, outputs, dtype: first.dtype, scope });
    return outputs;
  };

  /** Unfolds one use of a model. `fed`: the values that enter it, none for the outermost. Answers with its values of given tensors. */
  const unfold = (inside: tfl.LayersModel, scope: string, fed?: readonly number[]): ((tensors: readonly SymbolicTensor[]) => number[]) => {
    const values = new Map<SymbolicTensor, number>();
    const visit = (tensor: SymbolicTensor): void => {
      if (values.has(tensor)) return;
      const entrance = inside.inputs.indexOf(tensor);
      if (entrance >= 0) {
        values.set(tensor, push(scope, undefined, fed ? [fed[entrance] as number] : [], [tensor])[0] as number);
        return;
      }
      const layer = tensor.sourceLayer;
      const node = layer.inboundNodes[tensor.nodeIndex] as Layer['inboundNodes'][number];
      for (const input of [...node.inputTensors].reverse()) visit(input); // the last first, as tf.layers' own stack does
      const inputs = node.inputTensors.map((input) => values.get(input) as number);
      const outputs = unfolds(layer)
        ? unfold(layer, `${use(`${scope}${layer.name}`)}/`, inputs)(layer.outputs)
        : push(scope, layer, inputs, node.outputTensors);
      for (const [i, output] of node.outputTensors.entries()) values.set(output, outputs[i] as number);
    };
    for (const tensor of [...inside.outputs, ...inside.inputs]) visit(tensor);
    return (tensors) => tensors.map((tensor) => values.get(tensor) as number);
  };

  const valuesOf = unfold(model, '');
  const consumers: number[][] = producer.map(() => []);
  for (const [index, node] of nodes.entries()) for (const value of new Set(node.inputs)) consumers[value]?.push(index);
  return { nodes, inputs: valuesOf(model.inputs), outputs: valuesOf(model.outputs), shapes, producer, consumers };
}

/** A node of the graph by its index. */
export const nodeAt = (graph: Graph, index: number): GraphNode => graph.nodes[index] as GraphNode;

/** The node that gives a value. */
export const sourceOf = (graph: Graph, value: number): GraphNode => nodeAt(graph, graph.producer[value] as number);

/** All values that these depend on, themselves among them. */
export function valuesAbove(graph: Graph, from: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...from];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (found.has(value)) continue;
    found.add(value);
    open.push(...sourceOf(graph, value).inputs);
  }
  return found;
}

/** Whether a node's layer has this class of tf.layers. */
export const isA = ({ layer }: GraphNode, ...classNames: readonly string[]): boolean => layer !== undefined && classNames.includes(layer.getClassName());

import type * as tf from '@tensorflow/tfjs-core';
import { type Graph, type GraphNode, nodeAt, sourceOf } from './graph.js';
import { makesMask } from './layer-kinds.js';

/** What a layer is given as `kwargs.mask`; undefined: nothing. */
export type Mask = tf.Tensor | null | undefined;

/**
 * The masks of one pass, kept as tf.layers' executor keeps them: a layer receives that of its first input, and where no input has one the last that any
 * layer received. Masks do not cross the border of a model inside the model.
 */
export interface Masks {
  /** What the node's layer receives, and what its outputs have. `values`: its inputs, or anything where the layer makes no mask of its own. */
  pass(node: GraphNode, values: readonly tf.Tensor[]): Mask;
  /** As if they were another's: to look ahead. */
  copy(): Masks;
  /** The mask of a value becomes that of another, where a block was closed. */
  become(value: number, other: number): void;
}

/** Undefined where no layer of the graph makes a mask: there is nothing to keep. */
export function masksOf(graph: Graph): Masks | undefined {
  if (!graph.nodes.some(makesMask)) return undefined;
  const keep = (known: ReadonlyMap<number, tf.Tensor>, before: Mask): Masks => {
    const masks = new Map(known);
    let last = before;
    return {
      pass(node, values) {
        const { layer, inputs, outputs, scope } = node;
        if (!layer) return undefined;
        const given = inputs.map((value) => (sourceOf(graph, value).scope === scope ? (masks.get(value) ?? null) : null));
        if (given.some((mask) => mask !== null)) last = given[0];
        // tf.layers' own types say Tensor where it passes null
        const made = layer.supportsMasking ? layer.computeMask(values as tf.Tensor[], given as tf.Tensor[]) : null;
        const mask = Array.isArray(made) ? made[0] : made;
        if (mask) for (const value of outputs) masks.set(value, mask);
        return last;
      },
      copy: () => keep(masks, last),
      become(value, other) {
        const mask = masks.get(other);
        if (mask) masks.set(value, mask);
        else masks.delete(value);
      },
    };
  };
  return keep(new Map(), undefined);
}

/** The masks that these nodes will receive, looked ahead: none of them makes one, so what they compute does not matter. */
export const passAll = (graph: Graph, masks: Masks, indices: readonly number[], anything: tf.Tensor): readonly Mask[] =>
  indices.map((index) => {
    const node = nodeAt(graph, index);
    return masks.pass(
      node,
      node.inputs.map(() => anything),
    );
  });

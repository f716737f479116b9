import type { LayersModel } from '@tensorflow/tfjs-layers';
import { chooseSpans, type NamedSpan, type ResidualBlockOptions } from './choose.js';
import { costs } from './cost.js';
import { type Graph, graphOf, nodeAt, sourceOf } from './graph.js';
import { weightsOf } from './weights.js';

/** A residual block as `console.table` shows it. */
export interface ResidualBlock {
  /** As its add layer is called, or as the user wants. */
  readonly name: string;
  /** The layer whose output enters: it stays when the block is closed, or a projection shortcut begins with it. */
  readonly begins: string;
  /** The add layer. */
  readonly ends: string;
  /** Layers that a closed block does not call, in order: the branch, and an activation or normalization after the add that goes with it. The add comes on top. */
  readonly layers: readonly string[];
  /** Layers of a projection shortcut: they always run, and what they give stays. */
  readonly shortcut: readonly string[];
  /** Names of the trainable weights that this block alone uses, as in `layerWeights`. */
  readonly parameters: readonly string[];
  /** How many numbers those are. */
  readonly weights: number;
  /** Of the model's multiply-adds in a forward pass, 0 to 1: what a closed block saves, estimated from shapes. */
  readonly share: number;
}

/** The blocks with all that an executor needs to know; rows and spans side by side. */
export interface Found {
  readonly graph: Graph;
  readonly spans: readonly NamedSpan[];
  readonly rows: readonly ResidualBlock[];
}

export function findBlocks(model: LayersModel, options: ResidualBlockOptions = {}): Found {
  const graph = graphOf(model);
  const spans = chooseSpans(model.name, graph, options);
  const weights = weightsOf(model, graph);
  const cost = costs(graph);
  const total = (indices: readonly number[]): number => indices.reduce((sum, index) => sum + (cost[index] as number), 0);
  const namesOf = (indices: readonly number[]): string[] => indices.map((index) => nodeAt(graph, index)).flatMap(({ name, layer }) => (layer ? [name] : []));
  const whole = total([...graph.nodes.keys()]);
  const rows = spans.map(({ name, span }): ResidualBlock => {
    const { add, split, inside, tail } = span;
    const within = new Set([...inside, ...tail]);
    const own = weights.filter(({ trainable, nodes }) => trainable && nodes.every((index) => within.has(index)));
    const entries = split.entries.length > 0 ? split.entries : split.kept;
    return {
      name,
      begins: entries.map((value) => sourceOf(graph, value).name).join(' + '),
      ends: nodeAt(graph, add).name,
      layers: namesOf([...within]),
      shortcut: namesOf(split.projection),
      parameters: own.map((weight) => weight.name),
      weights: own.reduce((sum, { size }) => sum + size, 0),
      share: total([...inside, add, ...tail]) / whole,
    };
  });
  return { graph, spans, rows };
}

/**
 * Finds the residual blocks of a functional or sequential `tf.layers` model, by depth: rows that `console.table` shows well. Only looks; the model stays as it is.
 *
 * A block ends in a `tf.layers.add`. One of its inputs, x, stays when the block is closed:
 * - that which the others depend on; the layers in between are the branch, or branches;
 * - or a plain projection (at most one convolution or dense layer without activation, normalization, pooling, padding) of what the others begin with.
 *   The projection always runs, and its output is the block's x.
 *
 * Other inputs stay too and x is their sum. Sums written as adds of adds count as one. Models inside the model, Sequential ones too, are looked into, each use for
 * itself. An activation or normalization after the add belongs to the block where x comes out of the same kind (post-activation ResNet, PostLN): the closed block
 * is then the identity; elsewhere it stays outside, as after a projection or before the head. A side input that only the branch uses is left out with it.
 *
 * No block is: `average`, `concatenate`; an add neither of whose inputs leads to the other; one that changes x's shape (broadcasting); one whose branch
 * has an output of the model inside, or a tensor that is used elsewhere, or a layer that makes a mask: of those, `warn` is told.
 * @throws HooklineError `HOOKLINE_RESIDUAL` where nothing is found, with what was seen, or the blocks asked for are not there, cannot be left out, nest or are named
 *   twice; `HOOKLINE_OPTIONS`; `HOOKLINE_LAYERS_MODEL` for what is no model
 */
export const residualBlocks = (model: LayersModel, options?: ResidualBlockOptions): readonly ResidualBlock[] => findBlocks(model, options).rows;

import { HooklineError } from '@hookline/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Graph, type GraphNode, graphOf } from './graph.js';
import { findSpans, type Span } from './spans.js';
import { weightsOf } from './weights.js';

export interface ResidualBlockOptions {
  /**
   * The blocks to take, by the names of their add layers: a list, or a pattern (`*` stands for any characters, or a RegExp).
   * Default: all that are found. In a model inside the model an add layer is called `outer/add_1`.
   */
  readonly blocks?: string | RegExp | readonly string[];
}

/** A residual block as `console.table` shows it. */
export interface ResidualBlock {
  /** The add layer's. */
  readonly name: string;
  /** The layer whose output enters the block and stays when the branch is left out. */
  readonly begins: string;
  /** The add layer. */
  readonly ends: string;
  /** Layers that a closed block skips, in order, without the add. */
  readonly layers: readonly string[];
  /** Layers of a projection shortcut, which always run. */
  readonly shortcut: readonly string[];
  /** Names of the trainable weights that only this block uses; see `layerWeights`. */
  readonly parameters: readonly string[];
  /** How many numbers those are. */
  readonly weights: number;
  /** Of the model's compute in a forward pass, 0 to 1, estimated from shapes. */
  readonly share: number;
}

export interface Found {
  readonly graph: Graph;
  readonly spans: readonly Span[];
  readonly rows: readonly ResidualBlock[];
}

const globbed = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

function chosen(names: readonly string[], wanted: ResidualBlockOptions['blocks']): (name: string) => boolean {
  if (wanted === undefined) return () => true;
  if (wanted instanceof RegExp) return (name) => wanted.test(name);
  if (typeof wanted === 'string') {
    const pattern = globbed(wanted);
    return (name) => pattern.test(name);
  }
  for (const name of wanted) {
    if (!names.includes(name))
      throw new HooklineError('HOOKLINE_RESIDUAL', `no residual block ends in a layer '${name}'`, { hint: `those found end in: ${names.join(', ')}` });
  }
  return (name) => wanted.includes(name);
}

/** The blocks with all that an executor needs to know. */
export function findBlocks(model: LayersModel, options: ResidualBlockOptions = {}): Found {
  const graph = graphOf(model);
  const all = findSpans(graph);
  const nameOf = (index: number): string => (graph.nodes[index] as GraphNode).name;
  const wanted = chosen(
    all.map(({ add }) => nameOf(add)),
    options.blocks,
  );
  const spans = all.filter(({ add }) => wanted(nameOf(add)));
  if (spans.length === 0) {
    const adds = graph.nodes.filter((node) => node.layer?.getClassName() === 'Add').length;
    throw new HooklineError('HOOKLINE_RESIDUAL', `model '${model.name}' has no residual block: ${graph.nodes.length} layers, ${adds} add layers`, {
      hint: 'a residual block ends in tf.layers.add, one of whose inputs the others depend on',
    });
  }
  const weights = weightsOf(model, graph);
  const costs = graph.nodes.map(() => 1);
  const whole = costs.reduce((sum, cost) => sum + cost, 0);
  const rows = spans.map(({ add, x, inside }): ResidualBlock => {
    const within = new Set(inside);
    const own = weights.filter(({ trainable, nodes }) => trainable && nodes.every((index) => within.has(index)));
    return {
      name: nameOf(add),
      begins: nameOf(graph.producer[x] as number),
      ends: nameOf(add),
      layers: inside.map(nameOf),
      shortcut: [],
      parameters: own.map(({ name }) => name),
      weights: own.reduce((sum, { size }) => sum + size, 0),
      share: inside.reduce((sum, index) => sum + (costs[index] as number), 0) / whole,
    };
  });
  return { graph, spans, rows };
}

/**
 * Finds the residual blocks of a functional or sequential `tf.layers` model, ordered by depth: rows that `console.table` shows well.
 * A block ends in an add layer one of whose inputs, x, the others depend on; a closed block answers with x and calls none of the layers in between.
 * Only looks: the model stays as it is.
 * @throws HooklineError `HOOKLINE_RESIDUAL` where nothing is found, or a name is none; `HOOKLINE_LAYERS_MODEL` for what is no model
 */
export const residualBlocks = (model: LayersModel, options?: ResidualBlockOptions): readonly ResidualBlock[] => findBlocks(model, options).rows;

import type { Block, BlockInfo, Gates } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { GraphNode, Layer } from './graph.js';
import { findBlocks, type ResidualBlock, type ResidualBlockOptions } from './residual-blocks.js';

export interface GatedModel {
  /** What a learner says of the blocks. Blocks with branches have one, `residual`, whose `after` is what follows the add. */
  readonly blocks: readonly BlockInfo[];
  readonly rows: readonly ResidualBlock[];
  /**
   * Runs the model layer by layer, each residual block inside `block(name, x, body, ...inputs)`: a closed block's layers are not called. With all open the
   * numbers are those of `model.apply(inputs, { training })`. Call it inside a tidy, or under differentiation: what it makes on the way is then freed.
   * @param inputs in the model's order
   * @returns the model's outputs, in its order
   */
  apply(inputs: readonly tf.Tensor[], block: Block<tf.Tensor>, options?: { readonly training?: boolean }): tf.Tensor[];
  /** Layers that are not called at all under these gates: every use lies in a closed block. Their regularizers must not be counted. */
  skipped(gates: Gates): ReadonlySet<Layer>;
}

type Values = Map<number, tf.Tensor>;

/** A user's model with gates: an executor beside it. The model itself stays as it is, weights are shared. Throws as `residualBlocks` does. */
export function gatedModel(model: LayersModel, options?: ResidualBlockOptions): GatedModel {
  const { graph, spans, rows } = findBlocks(model, options);
  const { nodes } = graph;
  const mean = rows.reduce((sum, { share }) => sum + share, 0) / rows.length;
  const blocks = rows.map(({ name, parameters, share }): BlockInfo => ({ name, branches: [], parameters, cost: mean > 0 ? share / mean : 1 }));
  const within = new Set(spans.flatMap(({ inside }) => inside));
  const ends = new Map(spans.map((span, i) => [span.add, { span, name: (rows[i] as ResidualBlock).name }]));

  const run = ({ layer, inputs, outputs, dtype }: GraphNode, values: Values, training: boolean): void => {
    const given = inputs.map((value) => values.get(value) as tf.Tensor);
    if (!layer) {
      const x = (given[0] ?? values.get(outputs[0] as number)) as tf.Tensor;
      values.set(outputs[0] as number, x.dtype === dtype ? x : tf.cast(x, dtype));
      return;
    }
    const answer = layer.apply(given, { training }) as tf.Tensor | tf.Tensor[];
    for (const [i, value] of outputs.entries()) values.set(value, (Array.isArray(answer) ? answer[i] : answer) as tf.Tensor);
  };

  return {
    blocks,
    rows,
    apply(inputs, block, { training = false } = {}) {
      const values: Values = new Map(graph.inputs.map((value, i) => [value, inputs[i] as tf.Tensor]));
      for (const [index, node] of nodes.entries()) {
        const end = ends.get(index);
        if (end) {
          const { x, inside, inputs: others } = end.span;
          const body = (at: tf.Tensor, _: unknown, ...given: tf.Tensor[]): tf.Tensor => {
            const local: Values = new Map([[x, at], ...others.map((value, i) => [value, given[i] as tf.Tensor] as const)]);
            for (const each of inside) run(nodes[each] as GraphNode, local, training);
            run(node, local, training);
            return local.get(node.outputs[0] as number) as tf.Tensor;
          };
          const given: tf.Tensor[] = others.map((value) => values.get(value) as tf.Tensor);
          values.set(node.outputs[0] as number, block<tf.Tensor[]>(end.name, values.get(x) as tf.Tensor, body, ...given));
        } else if (!within.has(index)) run(node, values, training);
      }
      return graph.outputs.map((value) => values.get(value) as tf.Tensor);
    },
    skipped(gates) {
      const closed = new Set(gates.filter(({ active }) => !active).map(({ name }) => name));
      const skippedNodes = new Set(spans.flatMap(({ inside }, i) => (closed.has((rows[i] as ResidualBlock).name) ? inside : [])));
      const called = new Set(nodes.filter((_, index) => !skippedNodes.has(index)).map(({ layer }) => layer));
      return new Set(nodes.flatMap(({ layer }) => (layer && !called.has(layer) ? [layer] : [])));
    },
  };
}

import { type Block, type BlockInfo, type BlockScope, type Gates, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NamedSpan, ResidualBlockOptions } from './choose.js';
import { type GraphNode, type Layer, nodeAt } from './graph.js';
import { type Mask, type Masks, masksOf, passAll } from './masks.js';
import { findBlocks, type ResidualBlock } from './residual-blocks.js';
import { isEntrance, partsOf } from './segments.js';
import type { Span } from './spans.js';

/** The branch of a block whose activation or normalization after the add is skipped with it: `after(x + gain · F(x))`. */
const residual = 'residual';

/** Runs a part between blocks by its body, in a way of one's own: compiled, for one. Answers as the body does. */
export type Outside = (name: string, body: (inputs: readonly tf.Tensor[]) => tf.Tensor[], inputs: readonly tf.Tensor[]) => tf.Tensor[];

export interface PassOptions {
  readonly training?: boolean;
  /** How the parts between blocks are run; not asked of models with masks. */
  readonly outside?: Outside;
}

export interface GatedModel {
  /**
   * What a learner says of the blocks, in the order of `rows`. A block that ends in an activation or normalization has one branch, `residual`, so that a
   * gain acts before it; the others have none.
   */
  readonly blocks: readonly BlockInfo[];
  readonly rows: readonly ResidualBlock[];
  /**
   * Runs the model layer by layer, each residual block inside `block(name, x, body, ...inputs)`: a closed block's layers are not called, its output is x. With all
   * open the numbers are those of `model.apply(inputs, { training })`, bit for bit where x is one of the add's own inputs and nothing follows a sum of several
   * branches. A layer is called once where tf.layers calls one of several outputs once for each. Call it inside a tidy, or under differentiation.
   * @param inputs in the model's order
   * @returns the model's outputs, in its order
   * @throws HooklineError `HOOKLINE_LAYERS_MODEL` for more or fewer inputs than the model has
   */
  apply(inputs: readonly tf.Tensor[], block: Block<tf.Tensor>, options?: PassOptions): tf.Tensor[];
  /** Layers that are not called at all under these gates, every use of theirs being in a closed block: their regularizers are not to be counted. */
  skipped(gates: Gates): ReadonlySet<Layer>;
}

type Values = Map<number, tf.Tensor>;

/** A user's model with gates: an executor beside it. The model itself stays as it is, the weights are its own. Throws as `residualBlocks` does. */
export function gatedModel(model: LayersModel, options?: ResidualBlockOptions): GatedModel {
  const { graph, spans, rows } = findBlocks(model, options);
  const mean = rows.reduce((sum, { share }) => sum + share, 0) / rows.length;
  const blocks = rows.map(({ name, parameters, share }, i): BlockInfo => {
    const { tail, norm } = (spans[i] as NamedSpan).span;
    return { name, branches: tail.length > 0 ? [residual] : [], parameters, cost: mean > 0 ? share / mean : 1, ...(norm ? { norm } : {}) };
  });
  const parts = partsOf(graph, spans);

  const run = ({ layer, inputs, outputs, dtype }: GraphNode, values: Values, training: boolean, mask: Mask): void => {
    const given = inputs.map((value) => values.get(value) as tf.Tensor);
    if (!layer) {
      const x = (given[0] ?? values.get(outputs[0] as number)) as tf.Tensor;
      values.set(outputs[0] as number, x.dtype === dtype ? x : tf.cast(x, dtype));
      return;
    }
    const answer = layer.apply(given, mask === undefined ? { training } : { training, mask }) as tf.Tensor | tf.Tensor[];
    for (const [i, value] of outputs.entries()) values.set(value, (Array.isArray(answer) ? answer[i] : answer) as tf.Tensor);
  };

  /** One residual block; leaves its output among the values. */
  const runBlock = (name: string, span: Span, values: Values, masks: Masks | undefined, block: Block<tf.Tensor>, training: boolean): Masks | undefined => {
    const { add, inside, tail, inputs } = span;
    const { kept, branches } = span.split;
    const node = nodeAt(graph, add);
    const layer = node.layer as Layer;
    const output = nodeAt(graph, tail.at(-1) ?? add).outputs[0] as number;
    const staying = kept.map((value) => values.get(value) as tf.Tensor);
    const x = staying.length === 1 ? (staying[0] as tf.Tensor) : (layer.apply(staying) as tf.Tensor);

    const within = [...inside, add, ...tail];
    const ahead = masks?.copy();
    const receives = ahead ? passAll(graph, ahead, within, x) : [];
    const known = [...new Set(receives)].filter((mask): mask is tf.Tensor => mask instanceof tf.Tensor);
    const given = inputs.map((value) => values.get(value) as tf.Tensor);

    const body = (at: tf.Tensor, { branch }: BlockScope<tf.Tensor>, ...others: tf.Tensor[]): tf.Tensor => {
      const local: Values = new Map(inputs.map((value, i) => [value, others[i] as tf.Tensor]));
      const maskOf = (mask: Mask): Mask => (mask instanceof tf.Tensor ? others[inputs.length + known.indexOf(mask)] : mask);
      const runAll = (indices: readonly number[]): void => {
        for (const index of indices) run(nodeAt(graph, index), local, training, maskOf(receives[within.indexOf(index)]));
      };
      const of = (value: number): tf.Tensor => local.get(value) as tf.Tensor;
      if (kept.length === 1) local.set(kept[0] as number, at);
      if (tail.length > 0) {
        const sum = (from: tf.Tensor): tf.Tensor => {
          local.set(kept[0] as number, from);
          runAll(inside);
          return branches.map(of).reduce((total, term) => tf.add(total, term));
        };
        return branch(residual, at, sum, (total) => {
          local.set(node.outputs[0] as number, total);
          runAll(tail);
          return of(output);
        });
      }
      runAll(inside);
      if (kept.length === 1) {
        runAll([add]);
        return of(output);
      }
      return layer.apply([at, ...branches.map(of)]) as tf.Tensor;
    };
    const y = block<tf.Tensor[]>(name, x, body, ...given, ...known);
    values.set(output, y);
    if (!masks || !ahead || y !== x) return ahead;
    masks.become(output, kept[0] as number);
    return masks;
  };

  return {
    blocks,
    rows,
    apply(inputs, block, { training = false, outside } = {}) {
      if (!Array.isArray(inputs) || inputs.length !== graph.inputs.length) {
        const given = Array.isArray(inputs) ? inputs.length : 'no list of them';
        throw new HooklineError('HOOKLINE_LAYERS_MODEL', `model '${model.name}' takes ${graph.inputs.length} inputs and was given ${given}`);
      }
      const values: Values = new Map(graph.inputs.map((value, i) => [value, inputs[i] as tf.Tensor]));
      let masks = masksOf(graph);
      const runNode = (index: number): void => {
        const node = nodeAt(graph, index);
        const mask = masks?.pass(
          node,
          node.inputs.map((value) => values.get(value) as tf.Tensor),
        );
        run(node, values, training, mask);
      };
      for (const index of graph.nodes.keys()) if (isEntrance(graph, index)) runNode(index);
      for (const part of parts) {
        if ('span' in part) masks = runBlock(part.name, part.span, values, masks, block, training);
        else if (masks || !outside) part.nodes.forEach(runNode);
        else {
          const body = (given: readonly tf.Tensor[]): tf.Tensor[] => {
            const local: Values = new Map(part.inputs.map((value, i) => [value, given[i] as tf.Tensor]));
            for (const index of part.nodes) run(nodeAt(graph, index), local, training, undefined);
            return part.outputs.map((value) => local.get(value) as tf.Tensor);
          };
          const answers = outside(
            part.name,
            body,
            part.inputs.map((value) => values.get(value) as tf.Tensor),
          );
          for (const [i, value] of part.outputs.entries()) values.set(value, answers[i] as tf.Tensor);
        }
      }
      return graph.outputs.map((value) => values.get(value) as tf.Tensor);
    },
    skipped(gates) {
      const closed = new Set(gates.filter(({ active }) => !active).map(({ name }) => name));
      const idle = new Set(spans.flatMap(({ name, span }) => (closed.has(name) ? [...span.inside, span.add, ...span.tail] : [])));
      const called = new Set(graph.nodes.filter((_, index) => !idle.has(index)).map(({ layer }) => layer));
      return new Set([...idle].flatMap((index) => nodeAt(graph, index).layer ?? []).filter((layer) => !called.has(layer)));
    },
  };
}

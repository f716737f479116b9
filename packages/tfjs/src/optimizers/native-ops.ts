import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, GraphNode } from '../compile/graph.js';
import { type Graph, holdGraph, releaseGraph } from '../compile/graphs.js';
import { callCompiled, freeOwned } from '../compile/index.js';
import type { NativeBackend } from '../compile/native.js';
import { nativePass } from './native-pass.js';
import { adamwProgram, lambProgram } from './native-programs.js';
import { rulePass } from './rule-pass.js';
import type { Shape, UpdateOps } from './update-ops.js';

/** Graphs for norms that are kept, one for each list of shapes; those of a model's groups are few. */
const KEPT = 32;

const float: Record<string, Attribute> = { T: { kind: 'type', value: 1 } };

/** Half the sum of squares of tensors of these shapes, packed into one. */
function halfSquares(shapes: readonly Shape[]): readonly GraphNode[] {
  const nodes = shapes.flatMap((shape, i): GraphNode[] => [
    { name: `i${i}`, op: 'Placeholder', inputs: [], attributes: { dtype: { kind: 'type', value: 1 }, shape: { kind: 'shape', value: shape } } },
    { name: `n${i}`, op: 'L2Loss', inputs: [`i${i}`], attributes: float },
  ]);
  const packed = { N: { kind: 'integer', value: shapes.length }, axis: { kind: 'integer', value: 0 } } as const;
  return [...nodes, { name: 'o0', op: 'Pack', inputs: shapes.map((_, i) => `n${i}`), attributes: { ...float, ...packed } }];
}

/**
 * What a step does, as graphs: one run for each group of parameters. Moments are variables of TensorFlow's, changed in place; weights come and go as
 * tensors, so that whoever holds the old ones keeps them.
 */
export function nativeOps(backend: NativeBackend): UpdateOps {
  const { binding } = backend;
  const owner = {};
  const norms = new Map<string, Graph>();

  const normsOf = (xs: readonly tf.Tensor[]): Graph => {
    const key = xs.map(({ shape }) => `[${shape}]`).join();
    const graph = norms.get(key) ?? holdGraph(binding, { nodes: halfSquares(xs.map(({ shape }) => shape)), inputs: xs });
    norms.delete(key); // moved to the young end
    norms.set(key, graph);
    for (const [oldest, old] of norms) {
      if (norms.size <= KEPT) break;
      norms.delete(oldest);
      releaseGraph(binding, old);
    }
    return graph;
  };

  const squares = (xs: readonly tf.Tensor[]): number[] => {
    if (xs.length === 0) return [];
    const [answer] = normsOf(xs).run(backend.getInputTensorIds(xs), 1);
    const { id } = answer as { readonly id: number };
    const halves = Array.from(binding.tensorDataSync(id), (half) => 2 * half);
    binding.deleteTensor(id);
    return halves;
  };

  return {
    together: true,
    adamw: (shapes) => nativePass(backend, adamwProgram, shapes),
    lamb: (shapes) => nativePass(backend, lambProgram, shapes),
    ruled: (shapes, rule) => rulePass(rule, shapes, (compute, ...args) => callCompiled(owner, 'optimizer', compute, ...args)),
    decay: (ws, factors) =>
      tf.tidy(() =>
        callCompiled(
          owner,
          'weight decay',
          (all: readonly tf.Tensor[], by: readonly tf.Tensor[]) => all.map((w, i) => tf.mul(w, by[i] as tf.Tensor)),
          ws,
          factors.map((factor) => tf.scalar(factor)),
        ),
      ),
    lerp: (slots, ws, amount) =>
      tf.tidy(() =>
        callCompiled(
          owner,
          'averaging',
          (all: readonly tf.Tensor[], towards: readonly tf.Tensor[], by: tf.Tensor) =>
            all.map((slot, i) => tf.add(slot, tf.mul(tf.sub(towards[i] as tf.Tensor, slot), by))),
          slots,
          ws,
          tf.scalar(amount),
        ),
      ),
    add: (xs, ys) =>
      tf.tidy(() =>
        callCompiled(
          owner,
          'accumulation',
          (all: readonly tf.Tensor[], others: readonly tf.Tensor[]) => all.map((x, i) => tf.add(x, others[i] as tf.Tensor)),
          xs,
          ys,
        ),
      ),
    measure: (groups, scalars) => ({ squares: groups.map(squares), scalars: scalars.map((scalar) => scalar.dataSync()[0] as number) }),
    free() {
      freeOwned(owner);
      for (const graph of norms.values()) releaseGraph(binding, graph);
      norms.clear();
    },
  };
}

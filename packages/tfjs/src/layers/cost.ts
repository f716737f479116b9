import { util } from '@tensorflow/tfjs-core';
import { type Graph, type GraphNode, isA, type Shape } from './graph.js';

/** Numbers in a tensor for one example; sizes that are open count as 1. */
const numbers = (shape: Shape): number => shape.slice(1).reduce((product: number, size) => product * (size ?? 1), 1);

/**
 * Multiply-adds of one example's forward pass through a node, estimated from shapes: each matrix or kernel as often as it is applied, and one for each
 * number of the output. What a layer of one's own does beside its weights is not seen.
 */
function costOf({ shapes }: Graph, node: GraphNode): number {
  const { layer } = node;
  if (!layer) return 0;
  const [from, to] = [shapes[node.inputs[0] as number], shapes[node.outputs[0] as number]] as [Shape, Shape];
  const out = numbers(to);
  if (isA(node, 'Embedding')) return out;
  if (isA(node, 'Dot')) {
    const whole = node.inputs.reduce((sum, value) => sum + Math.log(Math.max(1, numbers(shapes[value] as Shape))), 0);
    return Math.sqrt(Math.exp(whole) * out); // [I, K] by [K, J]: I K · K J · I J = (I K J)²
  }
  const recurrent = 'cell' in layer || isA(node, 'Bidirectional');
  const applied = recurrent ? (from[1] ?? 1) : isA(node, 'Conv2DTranspose', 'Conv3DTranspose') ? numbers(from) / (from.at(-1) ?? 1) : out / (to.at(-1) ?? 1);
  const matrices = layer.weights.filter(({ shape }) => shape.length >= 2);
  return out + matrices.reduce((sum, { shape }) => sum + applied * util.sizeFromShape(shape as number[]), 0);
}

/** Multiply-adds by node. */
export const costs = (graph: Graph): readonly number[] => graph.nodes.map((node) => costOf(graph, node));

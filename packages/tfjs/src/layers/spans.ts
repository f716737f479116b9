import type { Graph, GraphNode } from './graph.js';

/** A residual block as indices into a graph: `y = add(x, branches)`. */
export interface Span {
  /** Index of the add layer's node. */
  readonly add: number;
  /** The value that stays when the branch is left out. */
  readonly x: number;
  /** Nodes that run only for the branch, in the graph's order, without the add. */
  readonly inside: readonly number[];
  /** Values other than x that the inside and the add take from outside. */
  readonly inputs: readonly number[];
}

const isAdd = (node: GraphNode): boolean => node.layer?.getClassName() === 'Add';

/** Indices of all nodes that a value depends on, its own node among them. */
export function ancestors({ nodes, producer }: Graph, value: number): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [value];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const index = producer[at] as number;
    if (found.has(index)) continue;
    found.add(index);
    open.push(...(nodes[index] as GraphNode).inputs);
  }
  return found;
}

/**
 * The residual blocks of a graph, in its order: every add layer one of whose inputs all the others depend on. What runs only for those others is the inside.
 */
export function findSpans(graph: Graph): readonly Span[] {
  const { nodes, consumers, producer, outputs } = graph;
  const answers = new Set(outputs);
  const spans = nodes.flatMap((node, add): Span[] => {
    if (!isAdd(node)) return [];
    const above = node.inputs.map((value) => ancestors(graph, value));
    const at = node.inputs.findIndex((value) => node.inputs.every((other, i) => other === value || above[i]?.has(producer[value] as number)));
    const x = node.inputs[at];
    if (x === undefined || node.inputs.filter((value) => value === x).length > 1) return [];
    const kept = above[at] as ReadonlySet<number>;
    const inside = new Set<number>();
    const candidates = [...new Set(above.flatMap((set) => [...set]))].filter((index) => !kept.has(index)).sort((a, b) => b - a);
    for (const index of candidates) {
      const { layer, outputs: values } = nodes[index] as GraphNode;
      const own = values.every((value) => !answers.has(value) && consumers[value]?.every((consumer) => consumer === add || inside.has(consumer)));
      if (own && (layer || (nodes[index] as GraphNode).inputs.length > 0)) inside.add(index);
    }
    const taken = [...inside, add].flatMap((index) => (nodes[index] as GraphNode).inputs);
    const inputs = [...new Set(taken)].filter((value) => value !== x && !inside.has(producer[value] as number));
    return [{ add, x, inside: [...inside].sort((a, b) => a - b), inputs }];
  });
  return spans.filter(({ add }) => !spans.some(({ inside }) => inside.includes(add)));
}

import type { NamedSpan } from './choose.js';
import { type Graph, nodeAt } from './graph.js';

/** Layers that run one after another and belong to no block. */
export interface Segment {
  readonly name: string;
  readonly nodes: readonly number[];
  /** Values that it takes from before. */
  readonly inputs: readonly number[];
  /** Values of its own that are needed after it. */
  readonly outputs: readonly number[];
}

function segmentOf(graph: Graph, nodes: readonly number[]): Segment {
  const own = new Set(nodes);
  const made = nodes.flatMap((index) => nodeAt(graph, index).outputs);
  const taken = nodes.flatMap((index) => nodeAt(graph, index).inputs);
  const answers = new Set(graph.outputs);
  return {
    name: `${nodeAt(graph, nodes[0] as number).name} to ${nodeAt(graph, nodes.at(-1) as number).name}`,
    nodes,
    inputs: [...new Set(taken)].filter((value) => !own.has(graph.producer[value] as number)),
    outputs: made.filter((value) => answers.has(value) || graph.consumers[value]?.some((consumer) => !own.has(consumer))),
  };
}

/** A graph as blocks and what lies between them, in the order in which they run. */
export function partsOf(graph: Graph, spans: readonly NamedSpan[]): readonly (NamedSpan | Segment)[] {
  const ends = new Map(spans.map((each) => [each.span.add, each]));
  const belongs = new Set(spans.flatMap(({ span }) => [...span.inside, ...span.tail]));
  const parts: (NamedSpan | Segment)[] = [];
  let open: number[] = [];
  const close = (): void => {
    if (open.length > 0) parts.push(segmentOf(graph, open));
    open = [];
  };
  for (const index of graph.nodes.keys()) {
    const end = ends.get(index);
    if (end) {
      close();
      parts.push(end);
    } else if (!belongs.has(index) && !isEntrance(graph, index)) open.push(index);
  }
  close();
  return parts;
}

/** Where a tensor enters the whole model. */
export function isEntrance(graph: Graph, index: number): boolean {
  const { layer, inputs } = nodeAt(graph, index);
  return !layer && inputs.length === 0;
}

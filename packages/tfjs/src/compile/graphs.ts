import { withSavedModelDirectory } from '#saved-model-directory';
import type { Emitted } from './emit.js';
import { encodeSavedModel } from './graph.js';
import type { Binding, TensorMetadata } from './native.js';

/** A graph in TensorFlow's memory. */
export interface Graph {
  /** Runs it on tensors by their ids in the addon, and answers with its first `outputs` values. Blocks until it is done. */
  run(inputs: readonly number[], outputs: number): readonly TensorMetadata[];
  readonly operations: number;
  /** Each op that computes, with how often it is in the graph. */
  readonly counts: ReadonlyMap<string, number>;
}

interface Held extends Graph {
  readonly bytes: Uint8Array;
  users: number;
  id: number | undefined;
}

const held = new Map<Binding, Set<Held>>();
const listeners = new Set<(graph: Graph) => void>();

/** Tells of each run of a graph until the function that it answers with is called. */
export function onGraphRun(listener: (graph: Graph) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Nodes that compute nothing. */
const still = new Set(['Placeholder', 'Const', 'Identity']);

const list = (prefix: string, length: number): string => Array.from({ length }, (_, i) => `${prefix}${i}:0,`).join('');

const graphsOf = (binding: Binding): Set<Held> => {
  const found = held.get(binding) ?? new Set<Held>();
  held.set(binding, found);
  return found;
};

/** Graphs that are loaded on any backend. */
export const loadedGraphs = (): readonly Graph[] => [...held.values()].flatMap((graphs) => [...graphs]);

function createGraph(binding: Binding, { nodes, inputs }: Emitted, bytes: Uint8Array): Held {
  const inputNames = list('i', inputs.length);
  const outputNames = new Map<number, string>();
  const counts = new Map<string, number>();
  for (const { op } of nodes) if (!still.has(op)) counts.set(op, (counts.get(op) ?? 0) + 1);
  const graph: Held = {
    bytes,
    users: 0,
    id: undefined,
    operations: nodes.length,
    counts,
    run(ids, outputs) {
      graph.id ??= withSavedModelDirectory(bytes, (directory) => binding.loadSavedModel(directory, 'serve,'));
      const names = outputNames.get(outputs) ?? list('o', outputs);
      outputNames.set(outputs, names);
      const answered = binding.runSavedModel(graph.id, ids, inputNames, names);
      for (const listener of listeners) listener(graph);
      return answered;
    },
  };
  return graph;
}

/** The graph for these nodes: the one that is loaded already where there is an equal one. Each call needs a `releaseGraph`. */
export function holdGraph(binding: Binding, emitted: Emitted): Graph {
  const bytes = encodeSavedModel(emitted.nodes);
  const graphs = graphsOf(binding);
  const graph = [...graphs].find((one) => sameBytes(one.bytes, bytes)) ?? createGraph(binding, emitted, bytes);
  graphs.add(graph);
  graph.users += 1;
  return graph;
}

/** Frees the graph once nobody holds it. Should it run once more, for a tape that is still open, it is loaded once more. */
export function releaseGraph(binding: Binding, graph: Graph): void {
  const one = graph as Held;
  one.users -= 1;
  if (one.users > 0) return;
  graphsOf(binding).delete(one);
  if (one.id !== undefined) binding.deleteSavedModel(one.id);
  one.id = undefined;
}

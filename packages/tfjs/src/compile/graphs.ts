import { withSavedModelDirectory } from '#saved-model-directory';
import { encodeSavedModel, type GraphNode } from './graph.js';
import type { Binding, TensorMetadata } from './native.js';

/** Each op that a graph computes, with how often. */
export type OpCounts = ReadonlyMap<string, number>;

/** A graph in TensorFlow's memory. */
export interface Graph {
  /** Runs it on tensors by their ids in the addon, and answers with its first `outputs` values. Blocks until it is done. */
  run(inputs: readonly number[], outputs: number): readonly TensorMetadata[];
  readonly operations: number;
}

/** Nodes of which some, `i0`, `i1`, …, are fed, and others, `o0`, `o1`, …, answer. */
export interface Program {
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly unknown[];
}

interface Held extends Graph {
  readonly bytes: Uint8Array;
  users: number;
  id: number | undefined;
}

const held = new Map<Binding, Set<Held>>();
const listeners = new Set<(counts: OpCounts) => void>();

/** Tells of each run of a graph until the function that it answers with is called. */
export function onGraphRun(listener: (counts: OpCounts) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells the listeners that a graph ran. */
export function graphRan(counts: OpCounts): void {
  for (const listener of listeners) listener(counts);
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Nodes that compute nothing. */
const still = new Set(['Placeholder', 'Const', 'Identity', 'VarHandleOp', 'ReadVariableOp', 'AssignVariableOp', 'Unpack']);

/** Counts the ops that compute. */
export function countOps(nodes: Iterable<GraphNode>): OpCounts {
  const counts = new Map<string, number>();
  for (const { op } of nodes) if (!still.has(op)) counts.set(op, (counts.get(op) ?? 0) + 1);
  return counts;
}

const list = (prefix: string, length: number): string => Array.from({ length }, (_, i) => `${prefix}${i}:0,`).join('');

const graphsOf = (binding: Binding): Set<Held> => {
  const found = held.get(binding) ?? new Set<Held>();
  held.set(binding, found);
  return found;
};

/** Graphs that are loaded on any backend. */
export const loadedGraphs = (): readonly Graph[] => [...held.values()].flatMap((graphs) => [...graphs]);

function createGraph(binding: Binding, { nodes, inputs }: Program, bytes: Uint8Array): Held {
  const inputNames = list('i', inputs.length);
  const outputNames = new Map<number, string>();
  const counts = countOps(nodes);
  const graph: Held = {
    bytes,
    users: 0,
    id: undefined,
    operations: nodes.length,
    run(ids, outputs) {
      graph.id ??= withSavedModelDirectory(bytes, (directory) => binding.loadSavedModel(directory, 'serve,'));
      const names = outputNames.get(outputs) ?? list('o', outputs);
      outputNames.set(outputs, names);
      const answered = binding.runSavedModel(graph.id, ids, inputNames, names);
      graphRan(counts);
      return answered;
    },
  };
  return graph;
}

/** The graph for these nodes: the one that is loaded already where there is an equal one. Each call needs a `releaseGraph`. */
export function holdGraph(binding: Binding, program: Program): Graph {
  const bytes = encodeSavedModel(program.nodes);
  const graphs = graphsOf(binding);
  const graph = [...graphs].find((one) => sameBytes(one.bytes, bytes)) ?? createGraph(binding, program, bytes);
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

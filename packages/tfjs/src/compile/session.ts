import { withSavedModelDirectory } from '#saved-model-directory';
import { encodeSavedModel, type GraphNode } from './graph.js';
import { countOps, graphRan } from './graphs.js';
import type { Binding, TensorMetadata } from './native.js';

/** Runs a part of a session's graph on tensors by their ids in the addon. Blocks until it is done. */
export type SessionCall = (ids: readonly number[]) => readonly TensorMetadata[];

/** A graph that is nobody else's, with variables that live as long as it does. */
export interface Session {
  /** The part of the graph that leads from the nodes fed to the nodes fetched, each by its first output. TensorFlow keeps a plan for each part until the end. */
  part(fed: readonly string[], fetched: readonly string[]): SessionCall;
  close(): void;
}

const open = new Set<Session>();

/** Sessions in memory. */
export const openSessions = (): number => open.size;

const firstOutputs = (names: readonly string[]): string => names.map((name) => `${name}:0,`).join('');

/** The nodes that have to run for some others, those among them. */
function needed(nodes: ReadonlyMap<string, GraphNode>, wanted: readonly string[]): readonly GraphNode[] {
  const found = new Set<GraphNode>();
  const visit = (reference: string): void => {
    const node = nodes.get(reference.replace(/^\^|:\d+$/g, '')) as GraphNode;
    if (found.has(node)) return;
    found.add(node);
    node.inputs.forEach(visit);
  };
  wanted.forEach(visit);
  return [...found];
}

/** Loads these nodes as a session. */
export function openSession(binding: Binding, nodes: readonly GraphNode[]): Session {
  const id = withSavedModelDirectory(encodeSavedModel(nodes), (directory) => binding.loadSavedModel(directory, 'serve,'));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const session: Session = {
    part(fed, fetched) {
      const inputs = firstOutputs(fed);
      const outputs = firstOutputs(fetched);
      const counts = countOps(needed(byName, fetched));
      return (ids) => {
        const answered = binding.runSavedModel(id, ids, inputs, outputs);
        graphRan(counts);
        return answered;
      };
    },
    close() {
      open.delete(session);
      binding.deleteSavedModel(id);
    },
  };
  open.add(session);
  return session;
}

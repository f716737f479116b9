import * as tfl from '@tensorflow/tfjs-layers';
import { type Graph, type Layer, nodeAt, sourceOf, valuesAbove } from './graph.js';
import { isKernel, isProjecting } from './layer-kinds.js';

/** How the inputs of an add are divided: what stays when the branch is left out, and what the branch gives. */
export interface Split {
  /** Values that stay. Several where an add sums terms beside the residual: then x is their sum. */
  readonly kept: readonly number[];
  readonly branches: readonly number[];
  /** Values that enter both sides: x itself, or what a projection shortcut begins with. */
  readonly entries: readonly number[];
  /** Nodes of a projection shortcut, in order. */
  readonly projection: readonly number[];
}

/** What adds in tf.layers: a class of the user's own may add otherwise, whatever its name. */
const stock = tfl.layers.add({ name: 'stock' }) as Layer as Merging;

/** Where `tf.layers.add` and its kin differ. */
type Merging = Layer & { readonly mergeFunction: unknown };

export const isAdd = (graph: Graph, index: number): boolean => {
  const { layer } = nodeAt(graph, index);
  return layer?.call === stock.call && (layer as Merging).mergeFunction === stock.mergeFunction;
};

const quoted = (graph: Graph, values: readonly number[]): string => {
  const names = [...new Set(values)].map((value) => `'${sourceOf(graph, value).name}'`);
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : `${names[0]}`;
};

/** Terms that others depend on stay, those that depend on them are branches. */
function identity(graph: Graph, terms: readonly number[]): Split | undefined {
  const above = terms.map((term) => valuesAbove(graph, [term]));
  const isBranch = (i: number): boolean => terms.some((other) => other !== terms[i] && above[i]?.has(other));
  const kept = terms.filter((_, i) => !isBranch(i));
  const branches = terms.filter((_, i) => isBranch(i));
  if (branches.length === 0) return undefined;
  return { kept, branches, entries: kept.filter((value) => branches.some((branch) => above[terms.indexOf(branch)]?.has(value))), projection: [] };
}

interface Chain {
  readonly entry: number;
  readonly nodes: readonly number[];
}

/** Follows a term upwards through what a projection is made of, to a value that one of the others depends on too. */
function projectionOf(graph: Graph, term: number, others: readonly number[], any = false): Chain | undefined {
  const shared = valuesAbove(graph, others);
  const nodes: number[] = [];
  let maps = 0;
  for (let value = term; ; ) {
    const node = sourceOf(graph, value);
    if (node.inputs.length !== 1 || !(any || isProjecting(node))) return undefined;
    maps += isKernel(node) ? 1 : 0;
    if (maps > 1 && !any) return undefined;
    nodes.unshift(graph.producer[value] as number);
    value = node.inputs[0] as number;
    if (shared.has(value)) return { entry: value, nodes };
  }
}

/** Terms that are plain projections of what the others begin with stay; a sum of projections alone, or of none, is no residual. */
function projected(graph: Graph, terms: readonly number[]): Split | string {
  const chains = terms.map((term) =>
    projectionOf(
      graph,
      term,
      terms.filter((other) => other !== term),
    ),
  );
  const plain = terms.filter((_, i) => chains[i]);
  if (plain.length === 0) return `none of ${quoted(graph, terms)} leads to another, or is a plain projection of what another begins with`;
  const entries = [...new Set(chains.flatMap((chain) => (chain ? [chain.entry] : [])))];
  const deep = terms.filter((term, i) => !chains[i] && entries.some((entry) => valuesAbove(graph, [term]).has(entry)));
  if (deep.length === 0) return `${quoted(graph, terms)} are all plain projections: none of them is a branch`;
  return { kept: terms.filter((term) => !deep.includes(term)), branches: deep, entries, projection: chains.flatMap((chain) => chain?.nodes ?? []) };
}

/** The terms of a sum written as adds of adds, where nothing else uses the sums between. */
function flattened(graph: Graph, add: number): number[] {
  return nodeAt(graph, add).inputs.flatMap((value) => {
    const inner = graph.producer[value] as number;
    const alone = isAdd(graph, inner) && graph.consumers[value]?.length === 1 && !graph.outputs.includes(value);
    return alone ? flattened(graph, inner) : [value];
  });
}

/** Divides the inputs of an add layer. @returns a sentence's end that says why it is no residual block, where it is none */
export function splitOf(graph: Graph, add: number): Split | string {
  const terms = nodeAt(graph, add).inputs;
  const direct = identity(graph, terms);
  if (direct) return direct;
  const leaves = flattened(graph, add);
  const through = leaves.length > terms.length ? identity(graph, leaves) : undefined;
  return through?.kept.length === 1 ? through : projected(graph, terms);
}

/** Divides the inputs as the user says: the output of the node of that name stays. */
export function givenSplit(graph: Graph, add: number, shortcut: string): Split | string {
  const terms = nodeAt(graph, add).inputs;
  const kept = terms.filter((value) => sourceOf(graph, value).name === shortcut);
  const branches = terms.filter((value) => !kept.includes(value));
  if (kept.length === 0 || branches.length === 0) return `'${shortcut}' is not one of its inputs, which are ${quoted(graph, terms)}`;
  const [x] = kept as [number];
  if (valuesAbove(graph, branches).has(x)) return { kept, branches, entries: [x], projection: [] };
  const chain = projectionOf(graph, x, branches, true);
  return { kept, branches, entries: chain ? [chain.entry] : [], projection: chain?.nodes ?? [] };
}

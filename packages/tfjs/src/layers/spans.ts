import { type Graph, isA, nodeAt, type Shape, sourceOf, valuesAbove } from './graph.js';
import { isKernel, isNormalization, makesMask, outputKind, tailKind } from './layer-kinds.js';
import { isAdd, type Split, splitOf } from './shortcut.js';

/** A residual block as indices into a graph: `y = tail(add(x, branches))`. */
export interface Span {
  /** The add layer's node. */
  readonly add: number;
  readonly split: Split;
  /** Nodes that run only for the branches, in the graph's order, without the add. */
  readonly inside: readonly number[];
  /** Activation and normalization after the add that a closed block leaves out too. */
  readonly tail: readonly number[];
  /** Values other than x that the nodes take from outside. */
  readonly inputs: readonly number[];
  readonly norm: 'pre' | 'post' | undefined;
}

/** An add that cannot be a block, and why: the end of a sentence that begins with its name. */
export interface Refused {
  readonly add: number;
  readonly why: string;
  /** It is a residual all the same: its branch just cannot be left out. */
  readonly residual: boolean;
}

/** Whether what stays may have the shape of the sum. A size of 1 beside an open one does not: it would be broadcast. */
const same = (kept: Shape, sum: Shape): boolean =>
  kept.length === sum.length && kept.every((size, i) => size === sum[i] || size === null || (sum[i] === null && size !== 1));
const shown = (shape: Shape): string => `[${shape.map((size) => size ?? '?')}]`;

/** Nodes of these values and all that depends on them. */
function nodesBelow(graph: Graph, entries: readonly number[]): ReadonlySet<number> {
  const values = new Set(entries);
  const found = new Set<number>();
  for (const [index, node] of graph.nodes.entries()) {
    if (!node.inputs.some((value) => values.has(value))) continue;
    found.add(index);
    for (const value of node.outputs) values.add(value);
  }
  return found;
}

/**
 * What follows the add and makes the block's output what its input already is: a ReLU where x comes out of a ReLU, a LayerNorm where x comes out
 * of one. With it inside, the closed block is the identity and the network that of one block fewer; elsewhere (after a projection, before the head,
 * in a PreLN network) the block ends at the add.
 */
function tailOf(graph: Graph, add: number, { kept, branches, projection }: Split, inside: ReadonlySet<number>): readonly number[] {
  const x = kept[0] as number;
  const terms = nodeAt(graph, add).inputs;
  if (kept.length > 1 || projection.length > 0 || branches.some((branch) => !terms.includes(branch))) return [];
  const chain: number[] = [];
  for (let at = add; ; ) {
    const [value, ...more] = nodeAt(graph, at).outputs as [number];
    const next = graph.consumers[value] as readonly number[];
    if (more.length > 0 || next.length !== 1 || graph.outputs.includes(value) || !tailKind(nodeAt(graph, next[0] as number))) break;
    at = next[0] as number;
    chain.push(at);
  }
  const before: (string | undefined)[] = [];
  for (let node = sourceOf(graph, x); before.length < chain.length; node = sourceOf(graph, node.inputs[0] as number)) {
    const kind = outputKind(node);
    if (kind) before.unshift(kind);
    if (!kind || isKernel(node)) break;
  }
  for (let length = Math.min(chain.length, before.length); length > 0; length--) {
    const tail = chain.slice(0, length);
    const kinds = tail.map((index) => tailKind(nodeAt(graph, index)));
    const preNorm = graph.consumers[x]?.some(
      (index) => inside.has(index) && isNormalization(nodeAt(graph, index)) && tailKind(nodeAt(graph, index)) === kinds.at(-1),
    );
    if (!preNorm && kinds.every((kind, i) => kind === before[before.length - length + i])) return tail;
  }
  return [];
}

/** Where the normalization sits, as `BlockInfo.norm` has it. */
function normOf(graph: Graph, add: number, x: number | undefined, inside: ReadonlySet<number>): Span['norm'] {
  const value = nodeAt(graph, add).outputs[0] as number;
  const after = graph.consumers[value] as readonly number[];
  const norms = ['LayerNormalization'];
  if (x !== undefined && graph.consumers[x]?.some((index) => inside.has(index) && isA(nodeAt(graph, index), ...norms))) return 'pre';
  return after.length === 1 && isA(nodeAt(graph, after[0] as number), ...norms) ? 'post' : undefined;
}

/**
 * The span of an add whose inputs are divided so. What runs for the branches alone lies inside, side inputs that nothing else uses among it, but for what
 * itself ends in a residual block (`ends`).
 */
export function spanOf(graph: Graph, add: number, split: Split, ends: ReadonlySet<number> = new Set()): Span | Refused {
  const { kept, branches, entries } = split;
  const refuse = (why: string): Refused => ({ add, why, residual: true });
  const node = nodeAt(graph, add);
  const sum = graph.shapes[node.outputs[0] as number] as Shape;
  for (const value of kept) {
    const shape = graph.shapes[value] as Shape;
    if (!same(shape, sum))
      return refuse(`the branch changes the shape: '${sourceOf(graph, value).name}', which would stay, is ${shown(shape)}, the sum ${shown(sum)}`);
  }
  const stays = new Set([...valuesAbove(graph, kept)].map((value) => graph.producer[value] as number));
  const above = new Set([...valuesAbove(graph, node.inputs)].map((value) => graph.producer[value] as number));
  const below = nodesBelow(graph, entries);
  const core = [...above].filter((index) => !stays.has(index) && below.has(index));
  const inside = new Set<number>();
  for (const index of [...above].sort((a, b) => b - a)) {
    const { layer, inputs, outputs } = nodeAt(graph, index);
    if (stays.has(index) || (!layer && inputs.length === 0) || (ends.has(index) && !core.includes(index))) continue;
    const own = outputs.every((value) => !graph.outputs.includes(value) && graph.consumers[value]?.every((user) => user === add || inside.has(user)));
    if (own) inside.add(index);
  }
  for (const index of core) {
    if (inside.has(index)) continue;
    const { name, outputs } = nodeAt(graph, index);
    if (outputs.some((value) => graph.outputs.includes(value))) return refuse(`'${name}' inside its branch is an output of the model too`);
    const user = outputs.flatMap((value) => graph.consumers[value] ?? []).find((other) => other !== add && !above.has(other));
    if (user !== undefined) return refuse(`'${name}' inside its branch is used by '${nodeAt(graph, user).name}' too`);
  }
  if (inside.size === 0) return refuse(`nothing runs for ${branches.map((value) => `'${sourceOf(graph, value).name}'`).join(', ')} alone`);
  const masking = [...inside].find((index) => makesMask(nodeAt(graph, index)));
  if (masking !== undefined) return refuse(`'${nodeAt(graph, masking).name}' inside its branch makes a mask`);

  const tail = tailOf(graph, add, split, inside);
  const x = kept.length === 1 ? (kept[0] as number) : undefined;
  const own = new Set([...inside, add, ...tail]);
  const taken = [...own].flatMap((index) => (index === add && x === undefined ? branches : nodeAt(graph, index).inputs));
  return {
    add,
    split,
    inside: [...inside].sort((a, b) => a - b),
    tail,
    inputs: [...new Set(taken)].filter((value) => value !== x && !own.has(graph.producer[value] as number)),
    norm: normOf(graph, add, x, inside),
  };
}

/** Every add layer of a graph, in its order: as a residual block, or with the reason why it is none. */
export function findSpans(graph: Graph): readonly (Span | Refused)[] {
  const adds = [...graph.nodes.keys()].filter((index) => isAdd(graph, index));
  const splits = new Map(adds.map((add) => [add, splitOf(graph, add)]));
  const ends = new Set(adds.filter((add) => typeof splits.get(add) !== 'string'));
  return adds.map((add) => {
    const split = splits.get(add) as Split | string;
    return typeof split === 'string' ? { add, why: split, residual: false } : spanOf(graph, add, split, ends);
  });
}

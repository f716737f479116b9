import { didYouMean, HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { type Graph, nodeAt, valuesAbove } from './graph.js';
import { givenSplit, isAdd } from './shortcut.js';
import { findSpans, type Refused, type Span, spanOf } from './spans.js';

const chosenBlock = z.strictObject({
  /** The name of its add layer. */
  ends: z.string(),
  /** What to call it; by default as its add layer. */
  name: z.string().min(1).optional(),
  /** Of the add's inputs, the one that stays: the name of the layer that gives it. By default found. */
  shortcut: z.string().optional(),
});

/** The options of `residualBlocks`. */
export const residualBlockOptions = z.strictObject({
  /**
   * The blocks to take, by the names of their add layers: a pattern (`*` stands for any characters, or a RegExp), which picks among those that are
   * found, or a list, each of which must be one. Default: all. An add layer of a model inside the model is called `outer/add_1`.
   */
  blocks: z.union([z.string(), z.instanceof(RegExp), z.array(z.union([z.string(), chosenBlock])).min(1)]).optional(),
  /**
   * Of residuals within the branch of another, which are the blocks: the outermost (`group`), the innermost (`apart`), or, by default, the outermost unless two
   * or more blocks follow one another inside: then it is a skip over a stack of blocks, and those are the ones (`auto`).
   */
  nested: z.enum(['auto', 'group', 'apart']).default('auto'),
  /** Receives a line for each residual that no block can hold, such as one whose branch has an output of the model inside; `console.warn` by default. */
  warn: z.custom<(line: string) => void>((f) => typeof f === 'function', 'a function that takes a line').optional(),
});

/** A block as the user names it. */
export type ChosenBlock = z.input<typeof chosenBlock>;
export type ResidualBlockOptions = z.input<typeof residualBlockOptions>;

export interface NamedSpan {
  readonly name: string;
  readonly span: Span;
}

const refuse = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_RESIDUAL', what, { hint });
const isSpan = (found: Span | Refused): found is Span => 'split' in found;
const holds = (outer: Span, inner: Span): boolean => outer.inside.includes(inner.add);

const patternOf = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

/** What there is to see where no block is found. */
function sight(modelName: string, graph: Graph, found: readonly (Span | Refused)[]): HooklineError {
  const layers = graph.nodes.filter(({ layer }) => layer).length;
  const reasons = found.flatMap((each) => (isSpan(each) ? [] : [`'${nodeAt(graph, each.add).name}': ${each.why}`]));
  const seen = `${layers} layer${layers === 1 ? '' : 's'}, ${found.length === 0 ? 'no add layer' : `${found.length} add layer${found.length === 1 ? '' : 's'}`}`;
  const list = reasons.length > 3 ? [...reasons.slice(0, 3), '…'] : reasons;
  return refuse(
    `model '${modelName}' has no residual block: ${[seen, ...list].join('; ')}`,
    found.length === 0
      ? "a residual block ends in tf.layers.add; sums inside a layer of one's own are not seen"
      : 'name the add layer and the layer whose output stays: blocks: [{ ends, shortcut }]',
  );
}

/** Takes exactly those that a user lists. */
function listed(graph: Graph, found: readonly (Span | Refused)[], wanted: readonly (string | ChosenBlock)[]): readonly NamedSpan[] {
  const nameOf = (index: number): string => nodeAt(graph, index).name;
  const chosen = wanted.map((each): NamedSpan => {
    const { ends, name = ends, shortcut } = typeof each === 'string' ? { ends: each } : each;
    const add = graph.nodes.findIndex((node) => node.name === ends);
    if (add < 0 || !isAdd(graph, add)) {
      const names = found.map((other) => nameOf(other.add));
      throw refuse(`${add < 0 ? `the model has no layer '${ends}'` : `'${ends}' is no add layer`}, so no block ends there`, didYouMean(ends, names));
    }
    const split = shortcut === undefined ? undefined : givenSplit(graph, add, shortcut);
    const span =
      typeof split === 'string' ? { add, why: split, residual: false } : split ? spanOf(graph, add, split) : found.find((other) => other.add === add);
    if (!span || !isSpan(span)) {
      throw refuse(`'${ends}' does not end a residual block: ${span?.why}`, 'take it off the list, or name the layer whose output stays: { ends, shortcut }');
    }
    return { name, span };
  });
  for (const [i, { name, span }] of chosen.entries()) {
    const twice = chosen.findIndex((other) => other.name === name || other.span.add === span.add);
    if (twice < i) throw refuse(`block '${name}' is named twice`, 'name each block once');
    const outer = chosen.find((other) => holds(other.span, span));
    if (outer) throw refuse(`block '${name}' lies inside block '${outer.name}', and blocks do not nest`, 'name one of the two');
  }
  return chosen;
}

/** Steps from the model's inputs, by node: the length of the longest way. */
function depths(graph: Graph): readonly number[] {
  const depth: number[] = [];
  for (const { inputs } of graph.nodes) depth.push(1 + Math.max(-1, ...inputs.map((value) => depth[graph.producer[value] as number] as number)));
  return depth;
}

/** Of blocks that may lie inside one another, some that do not. */
function unnested(graph: Graph, blocks: readonly NamedSpan[], nested: 'auto' | 'group' | 'apart'): readonly NamedSpan[] {
  const follows = (a: NamedSpan, b: NamedSpan): boolean => {
    const [value] = nodeAt(graph, b.span.add).outputs as [number];
    return a !== b && valuesAbove(graph, nodeAt(graph, a.span.add).inputs).has(value);
  };
  const within = (outer: NamedSpan): readonly NamedSpan[] => blocks.filter(({ span }) => holds(outer.span, span));
  const resolve = (some: readonly NamedSpan[]): readonly NamedSpan[] => {
    const outermost = some.filter(({ span }) => !some.some((other) => holds(other.span, span)));
    return outermost.flatMap((outer) => {
      if (nested === 'group') return [outer];
      const inner = resolve(within(outer));
      const stack = nested === 'apart' ? inner.length > 0 : inner.some((a) => inner.some((b) => follows(a, b)));
      return stack ? inner : [outer];
    });
  };
  return resolve(blocks);
}

/** Finds the residual blocks that the options ask for, by depth. @throws HooklineError `HOOKLINE_RESIDUAL`, `HOOKLINE_OPTIONS` */
export function chooseSpans(modelName: string, graph: Graph, options: ResidualBlockOptions): readonly NamedSpan[] {
  const { blocks: wanted, nested, warn = console.warn } = parseOptions('residualBlocks', residualBlockOptions, options);
  const found = findSpans(graph);
  const depth = depths(graph);
  const sorted = (blocks: readonly NamedSpan[]): readonly NamedSpan[] =>
    [...blocks].sort((a, b) => (depth[a.span.add] as number) - (depth[b.span.add] as number) || a.span.add - b.span.add);
  if (Array.isArray(wanted)) return sorted(listed(graph, found, wanted));

  const all = found.filter(isSpan).map((span): NamedSpan => ({ name: nodeAt(graph, span.add).name, span }));
  if (all.length === 0) throw sight(modelName, graph, found);
  if (wanted !== undefined) {
    const pattern = typeof wanted === 'string' ? patternOf(wanted) : wanted;
    const matching = all.filter(({ name }) => name.search(pattern) >= 0);
    if (matching.length > 0) return sorted(unnested(graph, matching, nested));
    throw refuse(`no residual block of model '${modelName}' is called like ${wanted}`, `there are: ${all.map(({ name }) => name).join(', ')}`);
  }
  const chosen = unnested(graph, all, nested);
  for (const each of found) {
    if (isSpan(each) || !each.residual || chosen.some(({ span }) => span.inside.includes(each.add))) continue;
    warn(`residualBlocks: '${nodeAt(graph, each.add).name}' always runs: ${each.why}`);
  }
  return sorted(chosen);
}

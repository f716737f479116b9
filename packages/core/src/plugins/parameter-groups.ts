import type * as z from 'zod';
import type { BlockInfo } from '../gates.js';
import type { RunContext } from '../plugin.js';
import { matching, patternsSchema } from './selection.js';

/** Parameters by the block that owns them, in the order of the blocks; those of no block (embeddings, heads) come last, under `outside`. Empty groups are left out. */
export function parametersByBlock(names: readonly string[], blocks: readonly BlockInfo[]): ReadonlyMap<string, readonly string[]> {
  const owner = new Map(blocks.flatMap((block) => block.parameters.map((name): [string, string] => [name, block.name])));
  const groups = new Map<string, string[]>([...blocks.map(({ name }) => name), 'outside'].map((group) => [group, []]));
  for (const name of names) groups.get(owner.get(name) ?? 'outside')?.push(name);
  return new Map([...groups].filter(([, members]) => members.length > 0));
}

/** Where parameters outside blocks belong: below all blocks, as embeddings, or above them, as heads. */
export const placementShape = {
  /** Names or patterns of parameters below the blocks; default: those that the learner lists before its first block's. */
  below: patternsSchema.exactOptional(),
  /** Names or patterns of parameters above the blocks; default: all others outside blocks. */
  above: patternsSchema.exactOptional(),
};
type Placement = z.output<z.ZodObject<typeof placementShape>>;

/**
 * The depth of each parameter: 0 below the blocks, 1 to L in the blocks from the input up, L + 1 above them.
 * @throws HooklineError `HOOKLINE_SELECTION` for a pattern that fits no parameter outside blocks
 */
export function parameterDepths(
  plugin: string,
  { below, above }: Placement,
  { blocks, weights }: Pick<RunContext, 'blocks' | 'weights'>,
): ReadonlyMap<string, number> {
  const inside = new Map(blocks.flatMap((block, i) => block.parameters.map((name): [string, number] => [name, i + 1])));
  const outside = weights.names.filter((name) => !inside.has(name));
  const chosen = (patterns: Placement['below']): ReadonlySet<string> =>
    patterns === undefined ? new Set() : matching(plugin, 'parameter outside blocks', patterns, outside);
  const [low, high] = [chosen(below), chosen(above)];
  const first = weights.names.findIndex((name) => inside.has(name));
  const isBelow = (name: string, place: number): boolean => low.has(name) || (!high.has(name) && below === undefined && place < first);
  return new Map(weights.names.map((name, place) => [name, inside.get(name) ?? (isBelow(name, place) ? 0 : blocks.length + 1)]));
}

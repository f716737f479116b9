import * as z from 'zod';
import { HooklineError } from '../errors.js';
import type { BlockInfo } from '../gates.js';
import { didYouMean } from '../nearest.js';

/** A name, or a pattern in which `*` stands for any characters, dots included: `encoder.*`. */
const pattern = z.string().min(1);

/** Names and patterns: one, or several of which any may hold. */
export const patternsSchema = z.union([pattern, z.array(pattern).min(1)]);
export type Patterns = z.output<typeof patternsSchema>;

/**
 * Which blocks: `'all'`; names or patterns; the `first` or the `last` so many, counted from the input; `every` n-th, beginning with the first; or a function
 * of the block and its place.
 */
export const blockSelectionSchema = z.union([
  patternsSchema,
  z.strictObject({ first: z.int().nonnegative() }),
  z.strictObject({ last: z.int().nonnegative() }),
  z.strictObject({ every: z.int().positive() }),
  z.custom<(block: BlockInfo, index: number) => boolean>((value) => typeof value === 'function', 'a function of a block'),
]);
export type BlockSelection = z.output<typeof blockSelectionSchema>;

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
const expression = (one: string): RegExp => new RegExp(`^${one.split('*').map(escaped).join('.*')}$`, 's');

/**
 * The names that one of the patterns fits.
 * @param what the names are of, e.g. `block`
 * @throws HooklineError `HOOKLINE_SELECTION` for a pattern that fits none, with the nearest name
 */
export function matching(plugin: string, what: string, patterns: Patterns, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const one of [patterns].flat()) {
    const fits = expression(one);
    const hits = names.filter((name) => fits.test(name));
    if (hits.length === 0)
      throw new HooklineError('HOOKLINE_SELECTION', `plugin '${plugin}': the learner has no ${what} '${one}'`, { hint: didYouMean(one, names) });
    for (const name of hits) found.add(name);
  }
  return found;
}

/**
 * The names of the blocks that a selection chooses.
 * @throws HooklineError `HOOKLINE_SELECTION` for a name or pattern that fits no block, and for more blocks than there are
 */
export function chosenBlocks(plugin: string, selection: BlockSelection, blocks: readonly BlockInfo[]): ReadonlySet<string> {
  const names = blocks.map(({ name }) => name);
  if (selection === 'all') return new Set(names);
  if (typeof selection === 'string' || Array.isArray(selection)) return matching(plugin, 'block', selection, names);
  if (typeof selection === 'function') return new Set(names.filter((_, i) => selection(blocks[i] as BlockInfo, i)));
  if ('every' in selection) return new Set(names.filter((_, i) => i % selection.every === 0));
  const count = 'first' in selection ? selection.first : selection.last;
  if (count > names.length)
    throw new HooklineError('HOOKLINE_SELECTION', `plugin '${plugin}': ${count} blocks are chosen, and the learner has ${names.length}`, {
      hint: 'choose fewer',
    });
  return new Set('first' in selection ? names.slice(0, count) : names.slice(names.length - count));
}

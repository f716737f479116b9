import type { BlockInfo } from '@hookline/core';
import { homesOf } from './dropped.js';
import type { UpdateOps } from './update-ops.js';

/** Names of parameters that a pass takes together, in the order they have in the model. */
export type Groups = readonly (readonly string[])[];

/**
 * Groups over which the same gates decide: a block's parameters outside its branches, those of a branch, and all that are in no block. Each parameter is
 * a group of its own where the engine takes one at a time.
 */
export function groupParameters({ together }: UpdateOps, names: readonly string[], blocks: readonly BlockInfo[]): Groups {
  if (!together) return names.map((name) => [name]);
  const homes = homesOf(blocks);
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const home = homes.get(name);
    const key = home ? `${home.block}/${home.branch ?? ''}` : '';
    const group = groups.get(key);
    if (group) group.push(name);
    else groups.set(key, [name]);
  }
  return [...groups.values()];
}

import type { BlockInfo, DroppedPolicy, Gates } from '@hookline/core';

/**
 * What the optimizer's pass does to a parameter: an update by its gradient; nothing; weight decay alone; an update by a gradient of zero.
 */
export type Fate = 'update' | 'stand' | 'decay' | 'zero';

/** Where a parameter belongs. */
interface Home {
  readonly block: number;
  readonly branch: string | undefined;
}

/** Blocks and branches by the names of their parameters; a name of a branch counts as that even where its block names it too. */
export function homesOf(blocks: readonly BlockInfo[]): ReadonlyMap<string, Home> {
  const homes = new Map<string, Home>();
  for (const [block, info] of blocks.entries()) {
    for (const name of info.parameters) homes.set(name, { block, branch: undefined });
    for (const [branch, names] of Object.entries(info.branchParameters ?? {})) for (const name of names) homes.set(name, { block, branch });
  }
  return homes;
}

const byPolicy: Readonly<Record<DroppedPolicy, Fate>> = { skip: 'stand', decay: 'decay', zeroGradient: 'zero' };

/**
 * Decides the fate of each parameter in a step. The dropped policy is for parameters whose block, or whose branch inside it, did not
 * run; any other parameter without a gradient stands still, as in PyTorch.
 */
export function fates(blocks: readonly BlockInfo[]): (name: string, hasGradient: boolean, gates: Gates, dropped: DroppedPolicy) => Fate {
  const homes = homesOf(blocks);
  return (name, hasGradient, gates, dropped) => {
    if (hasGradient) return 'update';
    const home = homes.get(name);
    const gate = home && gates[home.block];
    if (!gate) return 'stand';
    const ran = gate.active && (home.branch === undefined || gate.branches[home.branch]?.active !== false);
    return ran ? 'stand' : byPolicy[dropped];
  };
}

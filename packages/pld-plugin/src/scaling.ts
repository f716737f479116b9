import { type BlockInfo, HooklineError } from '@hookline/core';

/** Where an active block's 1/p goes: on each residual branch, on the whole block's residual, or nowhere. */
export type Scaling = 'branch' | 'block' | 'none';

/**
 * The scaling of one block. Default: by branch (the paper's formula); none where the LayerNorm follows the branch (PostLN), since
 * it undoes most of a gain and no factor is unbiased there; on the whole block where it declares no branches, its residual being one branch.
 * @throws HooklineError `HOOKLINE_SCALING` for a factor on the whole block of a PostLN block, or of one whose branches have gates of their own
 */
export function scalingOf(block: BlockInfo, wanted: Scaling | undefined, gates: 'block' | 'branch'): Scaling {
  if (wanted === 'none') return 'none';
  if (wanted === undefined && block.norm === 'post') return 'none';
  const whole = wanted === 'block' || block.branches.length === 0;
  if (!whole) return 'branch';
  if (block.norm === 'post') {
    throw new HooklineError('HOOKLINE_SCALING', `block '${block.name}' ends in a LayerNorm (PostLN): a factor on the whole block would scale past it`, {
      hint: "use scaling 'none', or 'branch' where the block declares branches",
    });
  }
  if (gates === 'branch' && block.branches.length > 0) {
    throw new HooklineError('HOOKLINE_SCALING', `block '${block.name}' has a gate for each branch: one factor for the whole block does not fit`, {
      hint: "use scaling 'branch' (unbiased with independent gates) or gates 'block'",
    });
  }
  return 'block';
}

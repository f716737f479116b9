import type { BlockInfo, BranchGate, Gate, Gates } from '@hookline/core';
import { type Dropping, grownBlocks, keepAt, marginalsAt, meanGains, type RunShape, thetaAt } from './dropping.js';
import { raiseToFloor } from './floor.js';
import type { PldOptions } from './options.js';
import { inverse } from './profile.js';
import { byBlock, type Draw, eachGate, sample } from './sampling.js';
import { matchedDropping } from './saving.js';
import { type Scaling, scalingOf } from './scaling.js';

/** A step's plan with what is worth reporting of it. */
export interface DroppingPlan {
  readonly gates: Gates;
  readonly theta: number;
  /** Expected number of blocks that run, after the floor. */
  readonly expectedActive: number;
}

/** A block's gate: `gain` sits where the scaling says; `inside` are the open branches. */
function gateOf(block: BlockInfo, scaling: Scaling, gain: number, inside: readonly boolean[]): Gate {
  const branches = block.branches.map((name, j): [string, BranchGate] => [name, { active: inside[j]!, gain: scaling === 'branch' ? gain : 1 }]);
  return { name: block.name, active: inside.some(Boolean), gain: scaling === 'block' ? gain : 1, branches: Object.fromEntries(branches) };
}

/** Whether each gate of each block is open, after the floor. */
function openGatesOf(dropping: Dropping, theta: number, draw: Draw): boolean[][] {
  const { options, gateCounts, blocks } = dropping;
  if (dropping.shape?.type === 'growth') {
    const grown = grownBlocks(blocks.length, theta, options.minimumActive);
    return blocks.map((_, i) => [i < grown]);
  }
  const units = sample(options.sampling, eachGate(keepAt(dropping, theta), gateCounts), draw);
  const drawn = byBlock(units, gateCounts);
  const runs = raiseToFloor(
    drawn.map((inside) => inside.some(Boolean)),
    options.minimumActive,
  );
  return drawn.map((inside, i) => (runs[i] && !inside.some(Boolean) ? inside.map(() => true) : inside));
}

/** The gates of a step; `draw` gives the step's draws by index. */
export function planOf(dropping: Dropping, step: number, draw: Draw): DroppingPlan {
  const theta = thetaAt(dropping, step);
  const marginals = marginalsAt(dropping, theta);
  const means = meanGains(dropping, theta);
  const inside = openGatesOf(dropping, theta, draw);
  const gates = dropping.blocks.map((block, i) => {
    const drawn = inside[i]!;
    const each = drawn.length === block.branches.length ? drawn : Array<boolean>(Math.max(1, block.branches.length)).fill(drawn[0]!);
    return gateOf(block, dropping.scaling[i]!, means[i]! * inverse(marginals.gates[i]!), each);
  });
  return { gates, theta, expectedActive: marginals.blocks.reduce((sum, p) => sum + p, 0) };
}

/** Where and with which draws a plan is made. */
export interface PlanAt extends RunShape {
  /** Optimizer steps completed, 0 for the first. */
  readonly step: number;
  /** The step's draws in [0, 1) by index, e.g. `(index) => uniform(seed, 'my-stream', step, index)`. */
  readonly draw: Draw;
}

/**
 * The gates of one step of a method: a pure function of its arguments. In a loop over steps, make the method ready once with
 * `matchedDropping` and call `planOf`.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_PROFILE`, `HOOKLINE_SCALING`, `HOOKLINE_SCHEDULE`, `HOOKLINE_SAVING`
 */
export const planGates = (options: PldOptions, at: PlanAt): Gates => planOf(matchedDropping(options, at), at.step, at.draw).gates;

/**
 * The plan for evaluation of the original stochastic depth (Huang et al. 2016, equation 5): every block runs, its residual times
 * the probability that it was open in training.
 * @throws HooklineError `HOOKLINE_SCALING` for a PostLN block without branches: a factor on the whole of it would scale past its LayerNorm
 */
export function expectedGates(dropping: Dropping, step: number): Gates {
  const { gates } = marginalsAt(dropping, thetaAt(dropping, step));
  return dropping.blocks.map((block, i): Gate => {
    const scaling = scalingOf(block, 'branch', 'block');
    return gateOf(block, scaling, gates[i]!, Array<boolean>(Math.max(1, block.branches.length)).fill(true));
  });
}

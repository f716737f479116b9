import { HooklineError } from './errors.js';

/** Whether a residual branch runs, and the factor of its contribution: `x + gain · F(x)`. */
export interface BranchGate {
  readonly active: boolean;
  readonly gain: number;
}

/** Whether a block runs, and the factor of its whole residual: `x + gain · (B(x) − x)`; with gates for the branches inside. */
export interface Gate extends BranchGate {
  readonly name: string;
  readonly branches: Readonly<Record<string, BranchGate>>;
}

/** One gate for each block of the learner, in the learner's order. */
export type Gates = readonly Gate[];

/** What a learner says of a residual block. */
export interface BlockInfo {
  readonly name: string;
  /** Names of the residual branches that the block's body declares, in order; empty when it declares none. */
  readonly branches: readonly string[];
  /** Names of the parameters that only this block uses. */
  readonly parameters: readonly string[];
  /** Names of the parameters that only that branch uses, for blocks with branches. */
  readonly branchParameters?: Readonly<Record<string, readonly string[]>>;
  /** Share of the compute relative to the other blocks; equal blocks have cost 1. */
  readonly cost: number;
  /** Where the block's LayerNorm sits; absent where the question does not arise. */
  readonly norm?: 'pre' | 'post';
}

const open: BranchGate = Object.freeze({ active: true, gain: 1 });

/** The plan in which every block and branch runs with gain 1. */
export function openGates(blocks: readonly BlockInfo[]): Gates {
  return Object.freeze(
    blocks.map((block): Gate => {
      const branches = Object.fromEntries(block.branches.map((name) => [name, open]));
      return Object.freeze({ name: block.name, active: true, gain: 1, branches: Object.freeze(branches) });
    }),
  );
}

const mergeOne = (a: BranchGate, b: BranchGate): BranchGate => Object.freeze({ active: a.active && b.active, gain: a.gain * b.gain });

/**
 * Two plans as one: a gate is active where both are, gains multiply. A block none of whose branches is active does not run.
 * Commutative and associative (up to rounding of gains); `openGates` is the neutral element.
 */
export function mergeGates(a: Gates, b: Gates): Gates {
  if (a.length !== b.length) {
    throw new HooklineError('HOOKLINE_GATES', `a plan of ${b.length} gates does not fit ${a.length} blocks`, {
      hint: 'plan one gate for each block of run.blocks',
    });
  }
  return Object.freeze(
    a.map((x, i): Gate => {
      const y = b[i] as Gate;
      if (x.name !== y.name) {
        throw new HooklineError('HOOKLINE_GATES', `gate ${i} is planned for '${y.name}' where the block is '${x.name}'`, {
          hint: 'keep the order of run.blocks',
        });
      }
      const branches = Object.fromEntries(Object.entries(x.branches).map(([name, gate]) => [name, mergeOne(gate, y.branches[name] ?? open)]));
      const inside = Object.values(branches);
      const runs = inside.length === 0 || inside.some((gate) => gate.active);
      const whole = mergeOne(x, y);
      return Object.freeze({ name: x.name, active: whole.active && runs, gain: whole.gain, branches: Object.freeze(branches) });
    }),
  );
}

/** How many blocks the plan runs. */
export const activeBlocks = (gates: Gates): number => gates.reduce((count, gate) => count + (gate.active ? 1 : 0), 0);

import { type BranchGate, type DroppedPolicy, during, type Gate, type Gates, mergeGates, type Plugin } from '@hookline/core';
import { oracle } from './oracle.js';

/** Whether a branch runs and its gain, for [attention, ffn]; and the gain of the whole block. */
export interface BlockPlan {
  readonly attention: boolean;
  readonly ffn: boolean;
  readonly branchGain: number;
  readonly blockGain: number;
}

const gate = (active: boolean, gain: number): BranchGate => ({ active, gain });

/** The plan as gates for blocks `encoder.0`, `encoder.1`, … */
export const gatesOf = (plans: readonly BlockPlan[]): Gates =>
  plans.map(
    (plan, layer): Gate => ({
      name: `encoder.${layer}`,
      ...gate(plan.attention || plan.ffn, plan.blockGain),
      branches: { attention: gate(plan.attention, plan.branchGain), ffn: gate(plan.ffn, plan.branchGain) },
    }),
  );

/** How the oracle's gates and gains are laid on the blocks. */
export type Composition = 'dense' | 'shared' | 'wholeBlock' | 'independent' | 'sharedUnscaled' | 'independentUnscaled';

/** The gates of a composition for these gates (0 or 1, or a pair of them) and gains. */
export function compose(composition: Composition, gates: readonly (number | readonly [number, number])[], gains: readonly number[]): Gates {
  return gatesOf(
    gates.map((value, layer): BlockPlan => {
      const pair = typeof value === 'number' ? [value, value] : value;
      const gain = composition === 'dense' || composition.endsWith('Unscaled') ? 1 : gains[layer]!;
      const whole = composition === 'wholeBlock';
      const runs = (i: number) => composition === 'dense' || pair[i] === 1;
      return { attention: runs(0), ffn: runs(1), branchGain: whole ? 1 : gain, blockGain: whole ? gain : 1 };
    }),
  );
}

/** The oracle's gates of a step of its trajectories. */
export function oracleGates(composition: Composition, step: number): Gates {
  const { gates, branchGates, gains } = oracle.gating;
  return compose(composition, composition.startsWith('independent') ? branchGates[step]! : gates[step]!, gains[step]!);
}

export interface Replay {
  readonly rates: readonly number[];
  readonly gates: (step: number) => Gates;
  readonly dropped?: DroppedPolicy;
  readonly counter?: 'own' | 'global';
}

/** A plugin that replays given rates and gates. */
export const replay = ({ rates, gates, dropped = 'skip', counter = 'own' }: Replay): Plugin => ({
  name: 'replay',
  provides: ['learning-rate', 'gating'],
  onStep: during('begin', (step) => ({ ...step, learningRate: rates[step.index]!, gates: mergeGates(step.gates, gates(step.index)), dropped, counter })),
});

import type { BranchGate, Gate, Gates } from '../gates.js';

/** What is wrong with an answer, and how to mend it. */
export interface Problem {
  readonly detail: string;
  readonly hint?: string;
}

const mend = 'use gates: mergeGates(step.gates, yours)';

const sound = (gate: BranchGate | undefined): boolean => typeof gate?.active === 'boolean' && Number.isFinite(gate.gain);

function gateProblem(before: Gate, after: Gate, index: number): Problem | undefined {
  if (after?.name !== before.name)
    return { detail: `planned gate ${index} for '${after?.name}' where the block is '${before.name}'`, hint: 'keep the order of run.blocks' };
  const { branches } = after;
  if (!sound(after) || typeof branches !== 'object' || branches === null)
    return { detail: `planned a gate for block '${before.name}' that is not { name, active: boolean, gain: finite number, branches }` };
  if (after.active && !before.active) return { detail: `opened block '${before.name}', which another plugin had closed: gates only close`, hint: mend };
  const names = Object.keys(before.branches);
  const strange = Object.keys(branches).find((name) => !names.includes(name)) ?? names.find((name) => !(name in branches));
  if (strange !== undefined)
    return { detail: `planned the branches of block '${before.name}' wrong: '${strange}'`, hint: `its branches are: ${names.join(', ') || 'none'}` };
  for (const name of names) {
    const gate = branches[name];
    if (!sound(gate)) return { detail: `planned a gate for branch '${name}' of block '${before.name}' that is not { active: boolean, gain: finite number }` };
    if (gate!.active && !before.branches[name]!.active)
      return { detail: `opened branch '${name}' of block '${before.name}', which another plugin had closed: gates only close`, hint: mend };
  }
  return undefined;
}

/** What is wrong with a plan that answers another: gates only close, one for each block and branch, gains finite. */
export function gatesProblem(before: Gates, after: unknown): Problem | undefined {
  if (!Array.isArray(after)) return { detail: 'planned gates that are not an array', hint: mend };
  if (after.length !== before.length)
    return { detail: `planned ${after.length} gates for ${before.length} blocks`, hint: 'plan one gate for each block of run.blocks' };
  for (const [index, gate] of before.entries()) {
    const problem = gateProblem(gate, after[index] as Gate, index);
    if (problem) return problem;
  }
  return undefined;
}

const runs = (gate: Gate): boolean => {
  const inside = Object.values(gate.branches);
  return gate.active && (inside.length === 0 || inside.some((branch) => branch.active));
};

const settledGate = (gate: Gate): boolean =>
  Object.isFrozen(gate) &&
  Object.isFrozen(gate.branches) &&
  Object.values(gate.branches).every((branch) => Object.isFrozen(branch)) &&
  gate.active === runs(gate);

/** The plan as it is executed: frozen through, and a block none of whose branches is active does not run. */
export function settleGates(gates: Gates): Gates {
  if (Object.isFrozen(gates) && gates.every(settledGate)) return gates;
  return Object.freeze(
    gates.map((gate): Gate => {
      if (settledGate(gate)) return gate;
      const branches = Object.entries(gate.branches).map(([name, branch]) => [name, Object.freeze({ active: branch.active, gain: branch.gain })]);
      return Object.freeze({ name: gate.name, active: runs(gate), gain: gate.gain, branches: Object.freeze(Object.fromEntries(branches)) });
    }),
  );
}

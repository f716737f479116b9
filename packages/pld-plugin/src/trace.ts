import {
  type BlockInfo,
  type BranchGate,
  definePlugin,
  during,
  type Gate,
  type Gates,
  HooklineError,
  mergeGates,
  type Plugin,
  parseOptions,
} from '@hookline/core';
import * as z from 'zod';

const factor = z.number().finite();
const branchSchema = z.strictObject({ active: z.boolean(), gain: factor.default(1) });
const gateSchema = z.strictObject({ name: z.string(), active: z.boolean(), gain: factor.default(1), branches: z.record(z.string(), branchSchema).default({}) });

/** One line of a trace: a step's gates. `gain` may be left out where it is 1, `branches` where they follow their block with gain 1. */
export const traceLineSchema = z.strictObject({ step: z.int().min(0), gates: z.array(gateSchema) });

/** The gates of steps 0, 1, 2, … of a run. */
export type GateTrace = readonly Gates[];

/** A step's gates as one JSON line, without its line break. */
export const formatTraceLine = (step: number, gates: Gates): string => JSON.stringify({ step, gates });

const wrong = (what: string, hint: string) => new HooklineError('HOOKLINE_GATE_TRACE', what, { hint });

/**
 * Reads JSON lines, steps 0, 1, 2, … in order. Empty lines are passed over.
 * @throws HooklineError `HOOKLINE_GATE_TRACE` naming the line that is no gate plan or whose step is not the next
 */
export function parseTrace(text: string): GateTrace {
  const trace: Gates[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const { step, gates } = parseLine(line, i + 1);
    if (step !== trace.length)
      throw wrong(`line ${i + 1} of the gate trace is step ${step}, the next would be ${trace.length}`, 'a trace holds each step once, in order');
    trace.push(gates);
  });
  return trace;
}

function parseLine(line: string, number: number): z.output<typeof traceLineSchema> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong(`line ${number} of the gate trace is not JSON`, 'was the file cut short?');
  }
  return parseOptions(`line ${number} of the gate trace`, traceLineSchema, value, 'HOOKLINE_GATE_TRACE');
}

/** Draws of another framework. */
export interface Draws {
  /** For each step and block: open or not. */
  readonly active: readonly (readonly (boolean | 0 | 1)[])[];
  /** For each step, block and branch, where branches are gated on their own; else they follow `active`. */
  readonly branches?: readonly (readonly (readonly (boolean | 0 | 1)[])[])[];
  /** For each step and block: the factor of the residual; 1 when absent. */
  readonly gains?: readonly (readonly number[])[];
  /** Where the factor goes: on each branch (default; on the block where it declares none) or on the whole block. */
  readonly scaling?: 'branch' | 'block';
}

/**
 * Another framework's draws as a trace for these blocks.
 * @throws HooklineError `HOOKLINE_GATE_TRACE` when a step does not have one entry for each block (and branch)
 */
export function traceOfDraws(blocks: readonly BlockInfo[], { active, branches, gains, scaling = 'branch' }: Draws): GateTrace {
  const fits = (list: readonly unknown[] | undefined, length: number, what: string) => {
    if (list?.length !== length) throw wrong(`${what} has ${list?.length ?? 'no'} entries where ${length} are needed`, 'give one for each block and branch');
  };
  return active.map((row, step) => {
    fits(row, blocks.length, `active of step ${step}`);
    if (gains) fits(gains[step], blocks.length, `gains of step ${step}`);
    if (branches) fits(branches[step], blocks.length, `branches of step ${step}`);
    return blocks.map((block, i): Gate => {
      const gain = gains?.[step]?.[i] ?? 1;
      const own = branches?.[step]?.[i];
      if (own) fits(own, block.branches.length, `branches of step ${step}, block '${block.name}'`);
      const onBranch = scaling === 'branch' && block.branches.length > 0;
      const inside = block.branches.map((name, j): [string, BranchGate] => [name, { active: Boolean(own ? own[j] : row[i]), gain: onBranch ? gain : 1 }]);
      return { name: block.name, active: Boolean(row[i]), gain: onBranch ? 1 : gain, branches: Object.fromEntries(inside) };
    });
  });
}

/** A trace's gates completed for these blocks. */
function fitted(trace: GateTrace, blocks: readonly BlockInfo[], steps: number): GateTrace {
  if (trace.length < steps) throw wrong(`the gate trace holds ${trace.length} steps and the run has ${steps}`, 'record as many steps as the run has');
  return trace.slice(0, steps).map((gates, step) => {
    const names = gates.map((gate) => gate.name).join(', ');
    const wanted = blocks.map((block) => block.name).join(', ');
    if (names !== wanted)
      throw wrong(
        `step ${step} of the gate trace is for the blocks ${names || '(none)'}, and the run has ${wanted}`,
        'replay the trace with the model it was made for',
      );
    return gates.map((gate, i): Gate => {
      const declared = blocks[i]!.branches;
      const foreign = Object.keys(gate.branches).find((name) => !declared.includes(name));
      if (foreign !== undefined)
        throw wrong(
          `step ${step} of the gate trace has a branch '${foreign}' that block '${gate.name}' does not declare`,
          `its branches: ${declared.join(', ') || '(none)'}`,
        );
      const branches = declared.map((name): [string, BranchGate] => [name, gate.branches[name] ?? { active: gate.active, gain: 1 }]);
      return { ...gate, branches: Object.fromEntries(branches) };
    });
  });
}

/** Options of a replay: what was not recorded. */
export const replayOptions = z.strictObject({
  dropped: z.enum(['skip', 'decay', 'zeroGradient']).default('skip'),
  counter: z.enum(['own', 'global']).default('own'),
});

/**
 * Runs the gates of a trace instead of drawing any.
 * @throws (when the run begins) HooklineError `HOOKLINE_GATE_TRACE` for a trace shorter than the run, or for other blocks
 */
export function replayGates(trace: GateTrace, options: z.input<typeof replayOptions> = {}): Plugin {
  return definePlugin({
    name: 'replay-gates',
    options: replayOptions,
    order: () => ({ provides: ['gating'] }),
    hooks: ({ dropped, counter }, run) => {
      const steps = fitted(trace, run.blocks, run.total);
      return { onStep: during('begin', (step) => ({ ...step, gates: mergeGates(step.gates, steps[step.index]!), dropped, counter })) };
    },
  })(options);
}

/** Gives the executed gates of each step, all plugins' plans merged, to `write`. */
export const recordGates = (write: (step: number, gates: Gates) => void): Plugin => ({
  name: 'record-gates',
  onStep: during('end', (step) => {
    write(step.index, step.gates);
    return step;
  }),
});

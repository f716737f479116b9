import type { Attribute } from '../compile/graph.js';
import type { AdamWStep } from './adamw.js';
import type { LambStep } from './lamb.js';

/** Nodes of one parameter's part of a graph. */
export interface ParameterNodes {
  /** Weights and gradient, as fed. */
  readonly w: string;
  readonly g: string;
  /** Handles of variables: the moments, and one that each step gives a value to begin with. */
  readonly m: string;
  readonly v: string;
  readonly scratch: string;
  /** 0. */
  readonly zero: string;
  /** The step's numbers, each a scalar. */
  readonly numbers: readonly string[];
}

/** Adds a node and answers with its name; `^name` among the inputs is one that has to be done before. */
export type AddNode = (op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>) => string;

/** An optimizer's step on a parameter as TensorFlow ops. */
export interface StepProgram<Step> {
  /** How many numbers a step has. */
  readonly count: number;
  numbers(step: Step): readonly number[];
  /** Writes the ops that move the moments on, and answers with the node that has the new weights. */
  write(nodes: ParameterNodes, add: AddNode): string;
}

const float: Attribute = { kind: 'type', value: 1 };
const T = { T: float };
const dtype = { dtype: float };

/**
 * TensorFlow's Adam computes `1 − β` in float32, 1.3e-5 off at β = 0.999. So its moments are this many times those of the formula, at every step alike,
 * because old moments are multiplied by the float32 β in either.
 */
const excess = (beta: number): number => Math.fround(1 - Math.fround(beta)) / (1 - beta);

/** `rate · m / (sqrt(v) · rootScale + ε)` in the form that `ResourceApplyAdam` has, `rate · m / (sqrt(v) + ε)`, before the number that `write` adds. */
function adamNumbers({ gradientScale, beta1, beta2, rootScale, epsilon }: AdamWStep | LambStep, rate: number): readonly number[] {
  const root = rootScale / Math.sqrt(excess(beta2));
  return [gradientScale, beta1, beta2, rate / excess(beta1) / root, epsilon / root];
}

/** Writes `base − rate · m / (sqrt(v) + ε)` with the moments moved on first, in one pass over memory, and answers with the node that has it. */
function writeAdam({ g, m, v, scratch, zero, numbers }: ParameterNodes, base: string, add: AddNode): string {
  const [gradientScale, beta1, beta2, rate, epsilon] = numbers as [string, string, string, string, string];
  const gradient = add('Mul', [g, gradientScale], T);
  const assigned = add('AssignVariableOp', [scratch, base], dtype);
  const flags = { use_locking: { kind: 'boolean', value: false }, use_nesterov: { kind: 'boolean', value: false } } as const;
  // the powers of β are 0: the bias correction is in the rate
  const applied = add('ResourceApplyAdam', [scratch, m, v, zero, zero, rate, beta1, beta2, epsilon, gradient, `^${assigned}`], { ...T, ...flags });
  // the variable keeps what it answered with until the next step gives it another tensor: destroying it at each step failed now and then on a busy machine
  return add('ReadVariableOp', [scratch, `^${applied}`], dtype);
}

/** AdamW: Adam from weights that have decayed. */
export const adamwProgram: StepProgram<AdamWStep> = {
  count: 6,
  numbers: (step) => [...adamNumbers(step, step.stepSize), step.keep],
  write: (nodes, add) => writeAdam(nodes, add('Mul', [nodes.w, nodes.numbers[5] as string], T), add),
};

/** LAMB: the direction is Adam, with a negative rate, from the decay; its length depends on norms. */
export const lambProgram: StepProgram<LambStep> = {
  count: 8,
  numbers: (step) => [...adamNumbers(step, -step.firstScale), step.weightDecay, step.rate, step.trust ? 1 : 0],
  write(nodes, add) {
    const { w, zero } = nodes;
    const [decay, rate, trust] = nodes.numbers.slice(5) as [string, string, string];
    const u = writeAdam(nodes, add('Mul', [w, decay], T), add);
    const [wSquares, uSquares] = [add('L2Loss', [w], T), add('L2Loss', [u], T)];
    const [wSome, uSome, trusted] = [wSquares, uSquares, trust].map((x) => add('Greater', [x, zero], T)) as [string, string, string];
    const scaled = add('LogicalAnd', [add('LogicalAnd', [wSome, uSome]), trusted]);
    const one = add('Exp', [zero], T);
    const ratio = add('SelectV2', [scaled, add('Sqrt', [add('RealDiv', [wSquares, uSquares], T)], T), one], T);
    return add('Sub', [w, add('Mul', [u, add('Mul', [rate, ratio], T)], T)], T);
  },
};

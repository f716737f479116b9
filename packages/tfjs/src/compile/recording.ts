import * as tf from '@tensorflow/tfjs-core';
import { differentiate, isolated, taped } from '../learner/tape.js';
import { emit } from './emit.js';
import { type Graph, holdGraph } from './graphs.js';
import { Refusal } from './hazards.js';
import type { NativeBackend } from './native.js';
import { signatureOf } from './signature.js';
import { type Structure, structureOf } from './structure.js';
import { type Operation, type Trace, trace, type Value } from './trace.js';

/** A function of tensors, given as a list. */
export type Flat = (tensors: readonly tf.Tensor[]) => unknown;

/** The gradient of a recorded function. */
export interface Backward {
  readonly graph: Graph;
  /** What the graph is fed: arguments, variables, outputs of the forward graph beyond the function's own, and gradients of the float32 outputs. */
  readonly feeds: readonly Feed[];
  /** The arguments and variables whose gradients it answers with, in order. */
  readonly sources: readonly Source[];
}

export type Source = { readonly argument: number } | { readonly variable: tf.Variable };
export type Feed = Source | { readonly saved: number } | { readonly dy: number };

/** A function at one combination of shapes and dtypes, as graphs. */
export interface Recording {
  readonly forward: Graph;
  readonly feeds: readonly Source[];
  /** The nesting that the function answers with. */
  readonly result: Structure;
  /** Variables that the function assigns; the forward graph answers with their values after the function's own. */
  readonly assigned: readonly tf.Variable[];
  /** How many values the backward graph needs of the forward one; it answers with them after the others. */
  readonly saved: number;
  /** None where no float32 output depends on a float32 argument or variable, and where the gradient could not be recorded. */
  readonly backward: Backward | undefined;
  /** Whether its gradient could be recorded, be it none. */
  readonly differentiable: boolean;
  /** What the function did, see `signatureOf`. */
  readonly signature: string;
}

/** What one run of the function did. */
interface Run {
  readonly trace: Trace;
  readonly result: Structure;
  readonly outputs: readonly Value[];
  readonly assigned: readonly Assignment[];
  readonly signature: string;
}

type Assignment = readonly [tf.Variable, Value];

interface GradientRun extends Run {
  /** For each argument and each variable, in that order. */
  readonly gradients: readonly (Value | undefined)[];
  /** How many ops belong to the function itself. */
  readonly split: number;
}

/** An op of the function has no gradient in tfjs. It can be replayed where no gradient is asked for. */
class NoGradient extends Error {}

/** Ops so cheap that the backward graph runs them again rather than keep their outputs. */
const cheap = new Set(['Reshape', 'ExpandDims', 'Squeeze', 'Range', 'Fill']);

/** A tensor with data of its own in the addon, so that equal arguments stay apart. */
function standIn(backend: NativeBackend, tensor: tf.Tensor): tf.Tensor {
  const { binding } = backend;
  const [id] = backend.getInputTensorIds([tensor]) as [number];
  const dtype = backend.tensorMap.get(tensor.dataId)?.dtype;
  const [copy] = binding.executeOp('Identity', [{ name: 'T', type: binding.TF_ATTR_TYPE, value: dtype }], [id], 1);
  return backend.createOutputTensor(copy as NonNullable<typeof copy>);
}

function resultOf(answer: unknown): Structure {
  const result = structureOf(answer);
  if (!result || result.tensors.length === 0) throw new Refusal('it answers with something else than tensors in arrays and plain objects');
  return result;
}

/** The operations of the function itself, its results and its assignments, as text. */
function signatureOfRun(operations: readonly Operation[], outputs: readonly Value[], assigned: readonly Assignment[], result: Structure): string {
  const values = assigned.map(([, value]) => value);
  return [signatureOf(operations, [...outputs, ...values]), result.key, ...assigned.map(([{ id }]) => id)].join(' ');
}

function run(backend: NativeBackend, args: readonly tf.Tensor[], f: Flat): Run {
  const { trace: made, result } = trace(backend, args, ({ noted }) => {
    const structure = resultOf(f(args));
    return { structure, outputs: structure.tensors.map(noted) };
  });
  const { structure, outputs } = result;
  const assigned = [...made.assigned];
  return { trace: made, result: structure, outputs, assigned, signature: signatureOfRun(made.operations, outputs, assigned, structure) };
}

const isFloat = (tensor: tf.Tensor): boolean => tensor.dtype === 'float32';

/** Runs the function and its gradient: `dys` stand for the gradients of its float32 outputs. */
function runWithGradient(
  backend: NativeBackend,
  args: readonly tf.Tensor[],
  dys: readonly tf.Tensor[],
  variables: readonly tf.Variable[],
  f: Flat,
): GradientRun {
  const sources = [...args, ...variables];
  const floats = sources.filter(isFloat);
  const { trace: made, result } = trace(backend, [...args, ...dys], ({ operations, noted, assigned: assignments }) => {
    let structure: Structure | undefined;
    let outputs: readonly Value[] = [];
    let assigned: readonly Assignment[] = [];
    let split = 0;
    /** Takes every output and gives its gradient: this starts the backward pass with several outputs at once. */
    const end = tf.customGrad(() => ({ value: tf.scalar(0), gradFunc: () => dys.map((dy) => tf.clone(dy)) }));
    const forward = (): tf.Tensor => {
      structure = resultOf(f(args));
      outputs = structure.tensors.map(noted);
      split = operations.length;
      assigned = [...assignments];
      return end(...structure.tensors.filter(isFloat));
    };
    let gradients: readonly (tf.Tensor | undefined)[];
    try {
      ({ gradients } = differentiate(forward, floats));
    } catch (error) {
      throw structure && !(error instanceof Refusal) ? new NoGradient() : error;
    }
    if (assignments.size !== assigned.length || assigned.some(([variable, value]) => assignments.get(variable) !== value)) {
      throw new Refusal('a variable is assigned in the backward pass');
    }
    const found = new Map(floats.map((tensor, i) => [tensor, gradients[i] && noted(gradients[i])]));
    return { structure: structure as unknown as Structure, outputs, assigned, split, gradients: sources.map((tensor) => found.get(tensor)) };
  });
  const { structure, outputs, assigned, split, gradients } = result;
  const signature = signatureOfRun(made.operations.slice(0, split), outputs, assigned, structure);
  return { trace: made, result: structure, outputs, assigned, signature, gradients, split };
}

/**
 * Runs the function twice, the second time with its gradient, and compares: what differs is random or depends on values. Where the first two
 * differ a third decides, for functions that make their variables when first called.
 */
function runs(backend: NativeBackend, args: readonly tf.Tensor[], f: Flat): Run | GradientRun {
  let before = run(backend, args, f);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { variables } = before.trace;
    const outputs = before.result.tensors.filter(isFloat);
    const differentiable = outputs.length > 0 && [...args, ...variables].some(isFloat);
    const dys = outputs.map(({ shape }) => tf.fill(shape, 0.5));
    let again: Run | GradientRun | undefined;
    try {
      if (differentiable) again = runWithGradient(backend, args, dys, variables, f);
    } catch (error) {
      if (!(error instanceof NoGradient)) throw error;
    }
    again ??= run(backend, args, f);
    if (again.signature === before.signature) return again;
    before = again;
  }
  throw new Refusal('two runs on the same arguments did different things: random numbers, or numbers that change from call to call');
}

const sourceOf = (value: Value): Source => {
  if (value.kind === 'argument') return { argument: value.index };
  if (value.kind === 'variable') return { variable: value.variable };
  throw new Error('a computed value cannot be fed to a forward graph');
};

function emitBackward(backend: NativeBackend, { trace: made, gradients, split }: GradientRun, args: number) {
  const saved: Value[] = [];
  const fed = (value: Value): boolean => value.kind === 'output' && value.operation.index < split && !cheap.has(value.operation.op);
  const found = gradients.flatMap((value, i) =>
    value ? [{ value, source: i < args ? { argument: i } : { variable: made.variables[i - args] as tf.Variable } }] : [],
  );
  if (found.length === 0) return undefined;
  const emitted = emit(
    backend.binding,
    found.map(({ value }) => value),
    fed,
  );
  const feeds = emitted.inputs.map((value): Feed => {
    if (value.kind === 'argument' && value.index >= args) return { dy: value.index - args };
    return fed(value) ? { saved: saved.push(value) - 1 } : sourceOf(value);
  });
  return { emitted, saved, feeds, sources: found.map(({ source }): Source => source) };
}

/** Records a function at the shapes and dtypes of these arguments. Throws a `Refusal` where it cannot be replayed, and what the function throws. */
export function record(backend: NativeBackend, given: readonly tf.Tensor[], f: Flat): Recording {
  const { binding } = backend;
  let recording: Recording | undefined;
  isolated(() =>
    tf.tidy(() => {
      const args = given.map((tensor) => standIn(backend, tensor));
      const done = runs(backend, args, f);
      const backward = 'gradients' in done ? emitBackward(backend, done, args.length) : undefined;
      const saved = backward?.saved ?? [];
      const forward = emit(binding, [...done.outputs, ...done.assigned.map(([, value]) => value), ...saved], () => false);
      recording = {
        forward: holdGraph(binding, forward),
        feeds: forward.inputs.map(sourceOf),
        result: done.result,
        assigned: done.assigned.map(([variable]) => variable),
        saved: saved.length,
        backward: backward && { graph: holdGraph(binding, backward.emitted), feeds: backward.feeds, sources: backward.sources },
        differentiable: 'gradients' in done,
        signature: done.signature,
      };
    }),
  );
  return recording as unknown as Recording;
}

/** Runs the function op by op, for the record, and tells whether it still does what was recorded. Throws as `record` does. */
export function agrees(backend: NativeBackend, { signature, differentiable }: Recording, given: readonly tf.Tensor[], f: Flat): boolean {
  let same = false;
  isolated(() =>
    tf.tidy(() => {
      const args = given.map((tensor) => standIn(backend, tensor));
      const again = (): Run => run(backend, args, f);
      same = (differentiable ? taped(again) : again()).signature === signature;
    }),
  );
  return same;
}

import * as tf from '@tensorflow/tfjs-core';

interface Tape {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved?: readonly tf.Tensor[];
}

/** The part of the engine's state that belongs to differentiation; tfjs has no public way to pause a tape. */
interface TapeState {
  activeTape: readonly Tape[] | null;
  gradientDepth: number;
  kernelDepth: number;
}

const state = (): TapeState => tf.engine().state as unknown as TapeState;

/** Whether ops are being recorded for a backward pass. */
export const recording = (): boolean => state().gradientDepth > 0 && state().kernelDepth === 0;

/** Whether the gradient of a gradient is being computed: ops are recorded inside a backward pass that is itself recorded. */
export const nested = (): boolean => state().gradientDepth > 1;

/** Calls `f` as if nothing around it was being recorded, whatever is. */
export function isolated<R>(f: () => R): R {
  const at = state();
  const { activeTape, gradientDepth, kernelDepth } = at;
  Object.assign(at, { activeTape: null, gradientDepth: 0, kernelDepth: 0 });
  try {
    return f();
  } finally {
    Object.assign(at, { activeTape, gradientDepth, kernelDepth });
  }
}

const release = (tape: readonly Tape[] | null): void => {
  for (const node of tape ?? []) for (const tensor of node.saved ?? []) tensor.dispose();
};

/** Calls `f` as for a gradient that nobody will ask for: some ops of tfjs take another way under a tape. */
export function taped<R>(f: () => R): R {
  const at = state();
  const { activeTape, gradientDepth } = at;
  Object.assign(at, { activeTape: [], gradientDepth: gradientDepth + 1 });
  try {
    return f();
  } finally {
    release(at.activeTape);
    Object.assign(at, { activeTape, gradientDepth });
  }
}

export interface Differentiated {
  readonly value: tf.Tensor;
  /** One for each x, undefined where `f` does not depend on it. */
  readonly gradients: readonly (tf.Tensor | undefined)[];
}

/**
 * Value and gradients of `f`, times `dy` where given. Unlike `tf.variableGrads` it says which x has no gradient, leaves an outer tape
 * as it was (so that it can be called inside a backward pass), and frees what was recorded when `f` throws.
 */
export function differentiate(f: () => tf.Tensor, xs: readonly tf.Tensor[], dy?: tf.Tensor): Differentiated {
  if (xs.length === 0) return { value: tf.tidy(f), gradients: [] };
  const outer = state().activeTape;
  const depth = state().gradientDepth;
  let y: tf.Tensor | undefined;
  const forward = (): tf.Tensor => {
    y = f();
    return y;
  };
  try {
    const { value, grads } = tf.engine().gradients(forward, [...xs], dy as tf.Tensor, true);
    return { value, gradients: grads };
  } catch (error) {
    if (depth === 0) release(state().activeTape);
    if (y && !xs.includes(y)) y.dispose();
    throw error;
  } finally {
    state().activeTape = outer;
  }
}

/** Variables that the ops recorded so far took as inputs. */
export function recordedVariables(): readonly tf.Variable[] {
  const found = new Set<tf.Variable>();
  for (const node of state().activeTape ?? []) {
    for (const input of Object.values(node.inputs)) if (input instanceof tf.Variable) found.add(input);
  }
  return [...found];
}

export interface Trial {
  readonly value: tf.Tensor;
  /** Variables that `f` computed with. */
  readonly variables: readonly tf.Variable[];
  /** How many tensors `f` took from ops recorded before it, other than those in `known`. */
  readonly captured: number;
}

/** Calls `f` with a tape of its own, which is thrown away, to see what it depends on. Only while `recording()`. */
export function trial(f: () => tf.Tensor, known: readonly tf.Tensor[]): Trial {
  const outer = state().activeTape;
  state().activeTape = [];
  try {
    const value = tf.tidy(f);
    const outside = new Set((outer ?? []).flatMap((node) => node.outputs.map((tensor) => tensor.id)));
    for (const tensor of known) outside.delete(tensor.id);
    const captured = new Set(
      (state().activeTape ?? []).flatMap((node) => Object.values(node.inputs).map((tensor) => tensor.id)).filter((id) => outside.has(id)),
    );
    return { value, variables: recordedVariables(), captured: captured.size };
  } finally {
    release(state().activeTape);
    state().activeTape = outer;
  }
}

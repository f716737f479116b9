import type * as tf from '@tensorflow/tfjs-core';
import { nativeBackend } from '../compile/native.js';
import type { AdamWStep } from './adamw.js';
import { byParameter } from './by-parameter.js';
import type { LambStep } from './lamb.js';
import { nativeOps } from './native-ops.js';
import { parameterOps, registeredOps } from './parameter-ops.js';
import type { RuleStep } from './rule-pass.js';
import type { Rule } from './rules.js';

/** One parameter's part in a pass. */
export interface Update<Step> {
  /** Which parameter of the group. */
  readonly place: number;
  readonly w: tf.Tensor;
  readonly g: tf.Tensor;
  readonly step: Step;
}

/** State tensors of a parameter by name, row-major, as copies. */
export type HostState = Readonly<Record<string, Float32Array>>;

/** First and second moment. */
export type HostMoments = { readonly m: Float32Array; readonly v: Float32Array };

/** An optimizer on a group of parameters, with their state: moments, which are zero at first. */
export interface GroupPass<Step, State extends HostState = HostMoments> {
  /** Moves the state on and answers with the new weights, in the order of `updates`: tensors of their own, never an old one written over. */
  update(updates: readonly Update<Step>[]): tf.Tensor[];
  /** The states by place. */
  read(): readonly State[];
  /** Replaces all states. */
  write(states: readonly State[]): void;
  dispose(): void;
}

export type Shape = readonly number[];

/** What a step does to parameters on a device, many at once. Nothing that is given is disposed of or changed; tensors in the answers are the caller's. */
export interface UpdateOps {
  /** Whether many parameters at once are faster than one at a time, which needs less memory. */
  readonly together: boolean;
  adamw(shapes: readonly Shape[]): GroupPass<AdamWStep>;
  lamb(shapes: readonly Shape[]): GroupPass<LambStep>;
  ruled(shapes: readonly Shape[], rule: Rule): GroupPass<RuleStep, HostState>;
  /** `factors[i] · ws[i]`. */
  decay(ws: readonly tf.Tensor[], factors: readonly number[]): tf.Tensor[];
  /** `slots[i] + amount · (ws[i] − slots[i])`. */
  lerp(slots: readonly tf.Tensor[], ws: readonly tf.Tensor[], amount: number): tf.Tensor[];
  /** `xs[i] + ys[i]`. */
  add(xs: readonly tf.Tensor[], ys: readonly tf.Tensor[]): tf.Tensor[];
  /** The sum of squares of each tensor, by group, and the numbers in `scalars`, in one read of the device where reads cost. */
  measure(
    groups: readonly (readonly tf.Tensor[])[],
    scalars: readonly tf.Tensor[],
  ): { readonly squares: readonly (readonly number[])[]; readonly scalars: readonly number[] };
  /** Frees what was prepared on the device; passes have a `dispose` of their own. */
  free(): void;
}

/** The ops for the backend in use: graphs on the native engine, unless there are ops registered for it; elsewhere one parameter at a time. */
export function createUpdateOps(): UpdateOps {
  const backend = registeredOps() ? undefined : nativeBackend();
  return backend ? nativeOps(backend) : byParameter(parameterOps);
}

import * as tf from '@tensorflow/tfjs-core';
import type { AdamWStep } from './adamw.js';
import { hostOps, prepareHostOps } from './host-ops.js';
import type { LambStep } from './lamb.js';
import { tensorOps } from './tensor-ops.js';

/** Weights, gradient and moments of one parameter, all of one shape. */
export interface ParameterTensors {
  readonly w: tf.Tensor;
  readonly g: tf.Tensor;
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
}

/** The new weights, always another tensor than the old ones, and the moments: new tensors too, or the old ones changed in place. */
export interface Updated {
  readonly w: tf.Tensor;
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
}

/** What a step does to one parameter on a device. None of them disposes of what it was given. */
export interface ParameterOps {
  adamw(at: ParameterTensors, step: AdamWStep): Updated;
  lamb(at: ParameterTensors, step: LambStep): Updated;
  /** `factor · w`. */
  decay(w: tf.Tensor, factor: number): tf.Tensor;
  /** `slot + amount · (w − slot)`. */
  lerp(slot: tf.Tensor, w: tf.Tensor, amount: number): tf.Tensor;
  /** The sum of squares of each of `xs`, and the numbers in `scalars`, in one read of the device. */
  measure(xs: readonly tf.Tensor[], scalars: readonly tf.Tensor[]): { readonly squares: readonly number[]; readonly scalars: readonly number[] };
}

const special = new Map<string, ParameterOps>();

/** Gives a backend, by its tfjs name, an optimizer pass of its own. */
export function registerParameterOps(backend: string, ops: ParameterOps): void {
  special.set(backend, ops);
}

/** The ops registered for the backend in use. */
export const registeredOps = (): ParameterOps | undefined => special.get(tf.getBackend());

/** The ops for the backend in use: its own, else loops over its memory where JavaScript can address it, else plain tensor ops. */
export const parameterOps = (): ParameterOps => registeredOps() ?? (prepareHostOps() ? hostOps : tensorOps);

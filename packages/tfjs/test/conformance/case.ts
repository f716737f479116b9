import type * as tf from '@tensorflow/tfjs-core';
import type { Numbers } from '../check-op.js';

/** Whole numbers or truth values that an op takes besides: they have no gradient. */
export interface Given {
  readonly dtype: 'int32' | 'bool';
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An op at certain shapes, and what it must answer with, in float64 and written as plainly as possible. */
export interface ConformanceCase {
  readonly op: (inputs: readonly tf.Tensor[], given: readonly tf.Tensor[]) => tf.Tensor;
  readonly reference: (...inputs: Float64Array[]) => Float64Array;
  /** float32, each differentiated. */
  readonly inputs: readonly Numbers[];
  readonly given?: readonly Given[];
  readonly shape: readonly number[];
  readonly tolerance?: number;
}

export type Shape = readonly number[];
export type Cases = Record<string, ConformanceCase>;
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);
/** An element's place along each axis, by its number in row-major order. */
export const place = (i: number, shape: Shape): number[] => {
  let rest = i;
  return [...shape]
    .reverse()
    .map((n) => {
      const at = rest % n;
      rest = Math.floor(rest / n);
      return at;
    })
    .reverse();
};
/** The reverse of `place`. */
export const flat = (at: readonly number[], shape: Shape): number => shape.reduce((index, n, axis) => index * n + (at[axis] as number), 0);
/** Numbers of a result, each by its place. */
export const filled = (shape: Shape, f: (at: readonly number[]) => number): Float64Array =>
  Float64Array.from({ length: sizeOf(shape) }, (_, i) => f(place(i, shape)));
/** The element of a broadcast input that a place of the result takes. */
export const taken = (at: readonly number[], shape: Shape): number => {
  const own = at.slice(at.length - shape.length);
  return flat(
    own.map((n, axis) => (shape[axis] === 1 ? 0 : n)),
    shape,
  );
};
/** The same, at least 0.25 in size and never negative. */
export const positive = ({ shape, data }: Numbers): Numbers => ({ shape, data: data.map((x) => Math.fround(Math.abs(x) + 0.25)) });
/** The first input. */
export const one = (inputs: readonly tf.Tensor[]): tf.Tensor => inputs[0] as tf.Tensor;
/** The first two inputs. */
export const two = (inputs: readonly tf.Tensor[]): [tf.Tensor, tf.Tensor] => [inputs[0] as tf.Tensor, inputs[1] as tf.Tensor];

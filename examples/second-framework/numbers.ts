import { jit, numpy as np } from '@jax-js/jax';

/**
 * Numbers that differ from step to step, as a vector [n + 1]; take them out by `slice(i)`. A scalar, or a short vector of equal numbers,
 * is a constant to jax-js: it becomes part of the kernels it enters, and each new value of it compiles new ones. Hence the NaN at the end.
 */
export const changing = (...numbers: readonly number[]): np.Array => np.array(Float32Array.of(...numbers, Number.NaN));

/** A random key, uint32 [2], from the two words of a seed. */
export const keyOf = (seed: readonly [number, number]): np.Array => np.array(Uint32Array.of(seed[0], seed[1]));

/**
 * The array behind a tensor that is being differentiated: jax-js carries the value beside its tangent and has no public name for it.
 * Borrows x, and answers with a borrowed one.
 */
export function concrete(x: np.Array): np.Array {
  let at: object = x;
  while ('primal' in at && typeof at.primal === 'object' && at.primal !== null) at = at.primal;
  return at as np.Array;
}

/** A copy of the numbers of x, which stays the caller's. */
export const read = (x: np.Array): Float32Array => concrete(x).ref.dataSync() as Float32Array;

const squares = jit((x: np.Array) => np.sum(np.square(x)));
const products = jit((x: np.Array, y: np.Array) => np.sum(x.mul(y)));
const differences = jit((x: np.Array, y: np.Array) => np.sum(np.square(x.sub(y))));

/** Σ x², of a borrowed x. */
export const squareSum = (x: np.Array): number => squares(concrete(x).ref).item();

/** Σ x·y, of borrowed tensors. */
export const dotProduct = (x: np.Array, y: np.Array): number => products(concrete(x).ref, concrete(y).ref).item();

/** √Σ (x − y)², of borrowed tensors. */
export const distanceBetween = (x: np.Array, y: np.Array): number => Math.sqrt(differences(concrete(x).ref, concrete(y).ref).item());

import type { NamedTensor } from '@hookline/core';

export const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

/** Whether two tensors have the same shape and the same numbers; what is no number counts as one. */
export const sameNumbers = (a: NamedTensor, b: NamedTensor): boolean =>
  sameShape(a.shape, b.shape) && a.data.every((value, i) => value === b.data[i] || (Number.isNaN(value) && Number.isNaN(b.data[i])));

/** Whether no number is infinite or NaN. */
export function hasFiniteNumbers({ data }: NamedTensor): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

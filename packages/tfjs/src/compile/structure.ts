import * as tf from '@tensorflow/tfjs-core';

/** A nesting of arrays and plain objects around tensors, as functions take and give. */
export interface Structure {
  /** The tensors in it, in the order of arrays and of keys. */
  readonly tensors: readonly tf.Tensor[];
  /** Everything but the tensors' numbers: nesting, shapes, dtypes, and other values. Equal keys need the same graph. */
  readonly key: string;
  /** The same nesting around other tensors. */
  rebuild(tensors: readonly tf.Tensor[]): unknown;
}

const plain = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Takes a nesting apart; undefined where there is something in it that is no tensor, array, plain object, or value that a key can hold. */
export function structureOf(value: unknown): Structure | undefined {
  const tensors: tf.Tensor[] = [];
  let known = true;

  const visit = (at: unknown): string => {
    if (at instanceof tf.Tensor) {
      tensors.push(at);
      return `${at.dtype}[${at.shape.join(',')}]`;
    }
    if (Array.isArray(at)) return `(${at.map(visit).join(';')})`;
    if (typeof at === 'object' && at !== null && plain(at))
      return `{${Object.entries(at)
        .map(([name, member]) => `${JSON.stringify(name)}:${visit(member)}`)
        .join(';')}}`;
    if (typeof at === 'string') return JSON.stringify(at);
    if (at === null || at === undefined || typeof at === 'number' || typeof at === 'boolean') return Object.is(at, -0) ? '-0' : String(at);
    known = false;
    return '';
  };
  const key = visit(value);

  const rebuild = (given: readonly tf.Tensor[]): unknown => {
    let next = 0;
    const copy = (at: unknown): unknown => {
      if (at instanceof tf.Tensor) return given[next++];
      if (Array.isArray(at)) return at.map(copy);
      if (typeof at === 'object' && at !== null) return Object.fromEntries(Object.entries(at).map(([name, member]) => [name, copy(member)]));
      return at;
    };
    return copy(value);
  };
  return known ? { tensors, key, rebuild } : undefined;
}

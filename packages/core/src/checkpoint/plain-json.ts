import { HooklineError } from '../errors.js';

/** Marks a number that JSON cannot write. */
const key = '~number';

const special: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY, '-0': -0 };

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * A value that survives `JSON.stringify` and `fromPlainJson` unchanged: NaN, infinities and -0 are marked, keys without a value left out.
 * @param where whose value it is, for the error
 * @throws HooklineError `HOOKLINE_STATE` for anything but numbers, texts, booleans, null, lists and plain objects of these
 */
export function toPlainJson(value: unknown, where: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : { [key]: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return value.map((item, i) => toPlainJson(item, `${where}[${i}]`));
  if (typeof value === 'object' && isPlain(value) && !Object.hasOwn(value, key)) {
    const kept = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(kept.map(([name, item]) => [name, toPlainJson(item, `${where}.${name}`)]));
  }
  const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
  throw new HooklineError('HOOKLINE_STATE', `${where} holds a value of type ${kind}, which a checkpoint cannot keep`, {
    hint: 'keep numbers, texts, booleans, null, lists and plain objects',
  });
}

/** The value that `toPlainJson` made plain. */
export function fromPlainJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlainJson);
  if (typeof value !== 'object' || value === null) return value;
  const marked = (value as Readonly<Record<string, unknown>>)[key];
  if (typeof marked === 'string' && Object.hasOwn(special, marked)) return special[marked];
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromPlainJson(item)]));
}

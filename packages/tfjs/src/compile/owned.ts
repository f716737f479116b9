import { compileFunction, freeCompiled } from './compile.js';
import { nativeBackend } from './native.js';

type Fn = (...args: readonly unknown[]) => unknown;

interface Owned {
  /** The function as it was last given: a recording is made of it. */
  latest: Fn;
  readonly compiled: Fn;
}

const owned = new WeakMap<object, Map<string, Owned>>();

/**
 * Calls `fn` compiled, where `fn` is made anew for each call: its recordings belong to `owner` under a name, not to the function. So whatever has that name
 * must do the same to the same arguments; nothing but variables may be captured. Runs `fn` itself where nothing is compiled.
 */
export function callCompiled<A extends readonly unknown[], R>(owner: object, name: string, fn: (...args: A) => R, ...args: A): R {
  if (!nativeBackend()) return fn(...args);
  const functions = owned.get(owner) ?? new Map<string, Owned>();
  owned.set(owner, functions);
  let one = functions.get(name);
  if (!one) {
    const made: Owned = { latest: fn as unknown as Fn, compiled: compileFunction((...given: readonly unknown[]) => made.latest(...given), { name }, false) };
    functions.set(name, made);
    one = made;
  }
  one.latest = fn as unknown as Fn;
  return one.compiled(...args) as R;
}

/** Frees all that was recorded for an owner. */
export function freeOwned(owner: object): void {
  for (const { compiled } of owned.get(owner)?.values() ?? []) freeCompiled(compiled as (...args: never[]) => unknown);
  owned.delete(owner);
}

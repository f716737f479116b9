import { HooklineError } from '../errors.js';
import type { Awaitable } from '../values.js';

/** One thing that must be true, for any test runner: `for (const { name, run } of checks) it(name, run)`. */
export interface Check {
  readonly name: string;
  /** @throws HooklineError, `HOOKLINE_CONFORMANCE` unless something else says more */
  readonly run: () => Promise<void>;
}

/** A check, and what must be true before it can tell anything. */
export interface Claim {
  readonly name: string;
  /** Names of checks that come before. */
  readonly needs?: readonly string[];
  readonly test: () => Awaitable<void>;
}

/**
 * Checks of these claims, each tested once. A fault is told by the check meant for it: one that fails while a check that it needs fails
 * too, passes.
 */
export function checksOf(claims: readonly Claim[]): readonly Check[] {
  const outcomes = new Map<string, Promise<{ readonly error: unknown } | undefined>>();
  const test = async ({ test }: Claim) => {
    try {
      await test();
      return undefined;
    } catch (error) {
      return { error };
    }
  };
  const outcome = (claim: Claim) => {
    const known = outcomes.get(claim.name) ?? test(claim);
    outcomes.set(claim.name, known);
    return known;
  };
  return claims.map((claim) => ({
    name: claim.name,
    run: async () => {
      const failure = await outcome(claim);
      if (!failure) return;
      for (const need of claims) if (claim.needs?.includes(need.name) && (await outcome(need))) return;
      throw failure.error;
    },
  }));
}

/** @throws always: a HooklineError `HOOKLINE_CONFORMANCE` */
export function fault(what: string, hint?: string): never {
  throw new HooklineError('HOOKLINE_CONFORMANCE', what, hint === undefined ? {} : { hint });
}

/** @throws HooklineError unless it holds */
export function ensure(holds: boolean, what: string, hint?: string): void {
  if (!holds) fault(what, hint);
}

/** @throws HooklineError `HOOKLINE_CONFORMANCE` unless `act` throws, or rejects with, a HooklineError */
export async function ensureRefused(what: string, act: () => unknown): Promise<void> {
  let refused: unknown;
  try {
    await act();
  } catch (error) {
    refused = error ?? 'nothing';
  }
  if (refused === undefined) fault(`${what} is not refused`, 'throw a HooklineError that says what is wrong');
  const { code, message } = refused as Partial<HooklineError>; // by its code: there may be two copies of core
  if (!code?.startsWith?.('HOOKLINE_'))
    fault(`${what} is refused by ${refused instanceof Error ? `${refused.name}: ${message}` : String(refused)}`, 'throw a HooklineError');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);

/** Whether two plain values are the same through and through: numbers by their bits, a key without a value is no absent key. */
export function same(a: unknown, b: unknown): boolean {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    const [x, y] = [a, b] as unknown as [ArrayLike<number>, ArrayLike<number>];
    return x.length === y.length && Array.prototype.every.call(x, (value, i) => Object.is(value, y[i]));
  }
  if (!isRecord(a) || !isRecord(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return Object.is(a, b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

type Timers = Pick<typeof globalThis, 'setTimeout' | 'setInterval' | 'clearTimeout' | 'clearInterval'>;

/** What Node has besides. */
interface Immediates {
  setImmediate(fn: (...args: unknown[]) => void, ...args: unknown[]): unknown;
  clearImmediate(handle: unknown): void;
}

export interface WatchedTimers {
  readonly running: () => number;
  /** Lets what is due at once run: an immediate that sets another is a loop. */
  readonly turn: () => Promise<void>;
  /** Gives the real functions back. */
  readonly release: () => void;
}

/** Counts the timers and immediates that are set from now on and neither ran out nor were cleared. */
export function watchTimers(): WatchedTimers {
  const real: Timers = { setTimeout, setInterval, clearTimeout, clearInterval };
  const { setImmediate: soon, clearImmediate: notSoon } = globalThis as Partial<Immediates>;
  const running = new Set<unknown>();
  const clear = (handle: unknown): void => {
    running.delete(handle);
    real.clearTimeout(handle as Parameters<typeof clearTimeout>[0]);
  };
  const timeout = (fn: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): unknown => {
    const handle: unknown = real.setTimeout(() => {
      running.delete(handle);
      fn(...args);
    }, ms);
    running.add(handle);
    return handle;
  };
  const interval = (fn: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): unknown => {
    const handle: unknown = real.setInterval(() => fn(...args), ms);
    running.add(handle);
    return handle;
  };
  const immediate: Immediates['setImmediate'] = (fn, ...args) => {
    const handle: unknown = soon!(() => {
      running.delete(handle);
      fn(...args);
    });
    running.add(handle);
    return handle;
  };
  const clearImmediate: Immediates['clearImmediate'] = (handle) => {
    running.delete(handle);
    notSoon!(handle);
  };
  Object.assign(globalThis, { setTimeout: timeout, setInterval: interval, clearTimeout: clear, clearInterval: clear });
  if (soon) Object.assign(globalThis, { setImmediate: immediate, clearImmediate });
  return {
    running: () => running.size,
    turn: () => new Promise((resolve) => void (soon ?? real.setTimeout)(() => resolve())),
    release: () => void Object.assign(globalThis, real, soon ? { setImmediate: soon, clearImmediate: notSoon } : {}),
  };
}

/** The properties of some objects, and of those of the language that are patched most often, by a name each. */
export function propertiesOf(objects: Readonly<Record<string, object>>): Record<string, unknown> {
  const all = { ...objects, console, Math, Date, JSON, 'Array.prototype': Array.prototype, 'Promise.prototype': Promise.prototype };
  const named = Object.entries(all).flatMap(([name, object]) =>
    Object.entries(Object.getOwnPropertyDescriptors(object)).map(([key, { value, get }]) => [`${name}.${key}`, get ?? identity(value)]),
  );
  return { ...Object.fromEntries(named), 'the list of globals': Object.getOwnPropertyNames(globalThis).sort().join() };
}

const identities = new WeakMap<object, number>();
let count = 0;

/** A primitive value, or a number for an object: which one it is, whatever it holds. */
function identity(value: unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  if (!identities.has(value)) identities.set(value, ++count);
  return `object ${identities.get(value)}`;
}

interface Emitter {
  eventNames(): readonly (string | symbol)[];
  listenerCount(event: string | symbol): number;
}

/** How many listeners the process has for each event, where there is a process. */
export function listenersOfProcess(): Record<string, unknown> {
  const { process } = globalThis as { process?: Partial<Emitter> };
  if (!process?.eventNames || !process.listenerCount) return {};
  const { eventNames, listenerCount } = process as Emitter;
  return Object.fromEntries(eventNames.call(process).map((event) => [`the process's listeners of '${String(event)}'`, listenerCount.call(process, event)]));
}

const names = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `f` and takes away the listeners for uncaught errors that it added to the process: the wasm backend's loader adds two that throw
 * errors anew, under a line of its minified source. Does nothing but call `f` where there is no process.
 */
export async function withoutProcessListeners<A>(f: () => Promise<A>): Promise<A> {
  if (typeof process === 'undefined' || typeof process.listeners !== 'function') return f();
  const before = names.map((name) => new Set<unknown>(process.listeners(name as 'uncaughtException')));
  try {
    return await f();
  } finally {
    names.forEach((name, i) => {
      for (const listener of process.listeners(name as 'uncaughtException')) {
        if (!before[i]?.has(listener)) process.removeListener(name, listener);
      }
    });
  }
}

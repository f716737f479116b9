/** Calls `f`, and `after` once it, or its promise, is done or has thrown. Answers with what `f` answers. */
export function afterwards<R>(f: () => R, after: () => void): R {
  let later = false;
  try {
    const result = f();
    if (result instanceof Promise) {
      later = true;
      return result.finally(after) as typeof result;
    }
    return result;
  } finally {
    if (!later) after();
  }
}

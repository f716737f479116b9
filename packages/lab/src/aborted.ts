/**
 * What `work` gives, or `instead` where a signal ended it: where it threw what `signal.throwIfAborted()` throws.
 */
export async function unlessAborted<R>(signal: AbortSignal | undefined, work: () => Promise<R>, instead: R): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return instead;
    throw error;
  }
}

const running = new WeakSet<object>();

/** Whether this error came up while a run was training, and not from what the user gave it. */
export const failedWhileRunning = (error: unknown): boolean => typeof error === 'object' && error !== null && running.has(error);

/** Marks an error as one of a run in progress, for the exit code. */
export function whileRunning<E>(error: E): E {
  if (typeof error === 'object' && error !== null) running.add(error);
  return error;
}

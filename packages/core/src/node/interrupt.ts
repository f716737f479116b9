/** An abort signal with the way to stop listening for interrupts. */
export type InterruptSignal = AbortSignal & { readonly dispose: () => void };

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Exit code of an interrupted program: 128 + SIGINT. */
const interrupted = 130;

/**
 * A signal that the first Ctrl-C (SIGINT, or SIGTERM) aborts: given to the trainer, the run ends after the step in progress, with a
 * checkpoint. The second exits the process at once, with code 130. "At once" is the next time that the event loop turns.
 * @param onInterrupt told of the first, e.g. to say that a second one stops at once
 */
export function interruptSignal(onInterrupt: () => void = () => {}): InterruptSignal {
  const controller = new AbortController();
  const heard = (): void => {
    if (controller.signal.aborted) process.exit(interrupted);
    controller.abort();
    onInterrupt();
  };
  for (const signal of signals) process.on(signal, heard);
  const dispose = (): void => {
    for (const signal of signals) process.off(signal, heard);
  };
  return Object.assign(controller.signal, { dispose });
}

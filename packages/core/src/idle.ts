type Defer = (resume: () => void) => void;

function viaChannel(): Defer {
  const { port1, port2 } = new MessageChannel();
  let resume: (() => void) | undefined;
  port1.onmessage = () => resume?.();
  return (next) => {
    resume = next;
    port2.postMessage(undefined);
  };
}

/** The quickest way to let timers, input and signals in that the platform has: `setTimeout` waits at least 4 ms in browsers. */
function defer(): Defer {
  if (typeof setImmediate === 'function') return (resume) => void setImmediate(resume);
  if (typeof MessageChannel === 'function') return viaChannel();
  return (resume) => void setTimeout(resume);
}

/** A function that yields to the event loop once: a synchronous engine would starve it otherwise. One for each run. */
export function createIdle(): () => Promise<void> {
  const later = defer();
  return () => new Promise((resolve) => later(resolve));
}

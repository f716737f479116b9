import type { Request, Told } from './messages.js';

/**
 * Starts the trainer in a worker, or in the page's own thread, which is there to see what it does to the page. Answers with the way to ask it for something.
 */
export function connect(thread: 'worker' | 'page', hear: (told: Told) => void): (request: Request) => void {
  const fail = (message: string): void => hear({ type: 'failed', message });
  if (thread === 'page') {
    const session = import('./session.js').then(({ createSession }) => createSession(new URL('./', import.meta.url).href, hear));
    return (request) => void session.then((answer) => answer(request)).catch((error: Error) => fail(error.message));
  }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }) => hear(data));
  worker.addEventListener('error', ({ message }) => fail(message || 'the worker did not start'));
  return (request) => worker.postMessage(request);
}

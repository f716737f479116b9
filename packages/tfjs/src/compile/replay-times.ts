/** One run of a graph in place of a function. */
export interface ReplayTime {
  /** Name of the compiled function. */
  readonly name: string;
  readonly pass: 'forward' | 'backward';
  readonly milliseconds: number;
}

const listeners = new Set<(time: ReplayTime) => void>();

/** Times every graph that a compiled function runs, until the function that it answers with is called. */
export function onReplay(listener: (time: ReplayTime) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Runs a graph, and tells how long it took where somebody listens. */
export function timed<R>(name: string, pass: ReplayTime['pass'], run: () => R): R {
  if (listeners.size === 0) return run();
  const start = performance.now();
  const answer = run();
  const milliseconds = performance.now() - start;
  for (const listener of listeners) listener({ name, pass, milliseconds });
  return answer;
}

import { type Gradients, HooklineError } from '@hookline/core';
import { type Vector, vector } from './tape.js';

type Named = Readonly<Record<string, Float64Array>>;

/** What the micro-batches of a step have given so far. */
export interface Sum {
  readonly gradients: Record<string, Float64Array>;
  loss: number;
  /** Counts micro-batches; a handle is good until the next one. */
  version: number;
}

const sources = new WeakMap<Gradients<Vector>, { readonly sum: Sum; readonly values: () => Named; readonly changed: boolean }>();

const fault = (what: string): HooklineError => new HooklineError('HOOKLINE_GRADIENTS', what);

/** What stands behind a handle. */
export function sourceOf(handle: Gradients<Vector>) {
  const source = sources.get(handle);
  if (!source) throw fault('these gradients are not of this learner');
  source.values(); // refuses a handle whose step is over
  return source;
}

/** A handle: its verbs answer with new ones, and compute when they are asked. `sizeOf` says how many numbers a parameter has. */
export function handleOf(sum: Sum, sizeOf: (name: string) => number | undefined): Gradients<Vector> {
  const { version } = sum;
  const make = (names: readonly string[], compute: () => Named, changed: boolean): Gradients<Vector> => {
    const values = (): Named => {
      if (sum.version !== version) throw fault('these gradients are of a step that is over, or another micro-batch was added to them');
      return compute();
    };
    const one = (name: string): Float64Array => {
      const found = values()[name];
      if (!found) throw fault(`there is no gradient of '${name}'`);
      return found;
    };
    const norm = (name?: string): number => {
      const squares = (g: Float64Array) => g.reduce((sum, x) => sum + x * x, 0);
      return Math.sqrt(name === undefined ? Object.values(values()).reduce((sum, g) => sum + squares(g), 0) : squares(one(name)));
    };
    /** Another handle; `prepare` is called once, when numbers are asked for. */
    const lazily = (prepare: () => (g: Float64Array, name: string) => Float64Array) => {
      const compute = (): Named => {
        const f = prepare();
        return Object.fromEntries(Object.entries(values()).map(([name, g]) => [name, f(g, name)]));
      };
      return make(names, compute, true);
    };
    const each = (f: (g: Float64Array, name: string) => Float64Array) => lazily(() => f);
    const handle: Gradients<Vector> = {
      names,
      losses() {
        values(); // refuses a handle whose step is over
        return { square: sum.loss };
      },
      norm,
      values: (name) => one(name).slice(),
      scale: (factor, which = () => true) => each((g, name) => (which(name) ? g.map((x) => factor * x) : g)),
      clipValue: (limit) => each((g) => g.map((x) => Math.max(-limit, Math.min(limit, x)))),
      clipNorm: (limit) =>
        lazily(() => {
          const factor = Math.min(1, limit / (norm() + 1e-6));
          return (g) => g.map((x) => factor * x);
        }),
      map: (f) => each((g, name) => f(vector(g), name).data),
      replace(given) {
        for (const [name, { length }] of Object.entries(given))
          if (length !== sizeOf(name)) throw fault(`${length} numbers are given for the gradient of '${name}'`);
        const numbers = Object.fromEntries(Object.entries(given).map(([name, g]) => [name, Float64Array.from(g)]));
        return make([...new Set([...names, ...Object.keys(given)])], () => ({ ...values(), ...numbers }), true);
      },
    };
    sources.set(handle, { sum, values, changed });
    return handle;
  };
  return make(Object.keys(sum.gradients), () => sum.gradients, false);
}

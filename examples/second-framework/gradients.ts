import { type Gradients, HooklineError, type Host, type Scalars } from '@hookline/core';
import { jit, numpy as np } from '@jax-js/jax';
import { changing, read, squareSum } from './numbers.js';

/** A gradient, and the factor that clipping and scaling left to the optimizer. */
export interface Scaled {
  readonly tensor: np.Array;
  readonly scale: number;
}
type Values = ReadonlyMap<string, Scaled>;

/** The gradients and losses of a step in progress; handles are views of it, and it owns every tensor. */
export interface Accumulator {
  /** Adds a micro-batch and takes its tensors over; handles made before are stale from here on. */
  add(gradients: ReadonlyMap<string, np.Array>, losses: Readonly<Record<string, np.Array>>): void;
  handle(): Gradients<np.Array>;
  /** Mean losses, and the norm of the gradients as they came from the backward pass. */
  report(): { readonly losses: Scalars; readonly gradientNorm: number };
  /** Frees everything; all handles are stale from here on. */
  release(): void;
}

interface Source {
  readonly accumulator: Accumulator;
  readonly values: () => Values;
  readonly changed: boolean;
}

const sources = new WeakMap<Gradients<np.Array>, Source>();

const fault = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_GRADIENTS', what, { hint });

/** What stands behind a handle. */
export function sourceOf(handle: Gradients<np.Array>): Source {
  const source = sources.get(handle);
  if (!source) throw fault('these gradients do not come from this learner', 'answer with step.gradients, or with what one of its verbs gave');
  return source;
}

const scaled = jit((g: np.Array, factor: np.Array) => g.mul(factor.slice(0)));
const clamped = jit((g: np.Array, limit: np.Array) => np.clip(g, limit.ref.slice(0).neg(), limit.slice(0)));
const sum = jit((a: np.Array, b: np.Array) => a.add(b));

/** @param shapes of all parameters, by name */
export function accumulate(shapes: ReadonlyMap<string, readonly number[]>): Accumulator {
  const sums = new Map<string, np.Array>();
  const losses = new Map<string, np.Array>();
  const derived: np.Array[] = [];
  const squares = new Map<np.Array, number>();
  let generation = 0;
  let released = false;

  const squareOf = (x: np.Array): number => {
    const known = squares.get(x) ?? squareSum(x);
    squares.set(x, known);
    return known;
  };
  const normOf = (values: Iterable<Scaled>): number => Math.sqrt([...values].reduce((total, { tensor, scale }) => total + scale ** 2 * squareOf(tensor), 0));
  const lossValues = (): Scalars => Object.fromEntries([...losses].map(([name, tensor]) => [name, tensor.ref.item()]));
  const raw = (): Values => new Map([...sums].map(([name, tensor]) => [name, { tensor, scale: 1 }]));
  const mapped = (values: Values, f: (value: Scaled, name: string) => Scaled): Values => new Map([...values].map(([name, value]) => [name, f(value, name)]));

  const own = (name: string, tensor: np.Array): Scaled => {
    derived.push(tensor);
    const shape = shapes.get(name) ?? [];
    if (tensor.shape.join() !== shape.join())
      throw fault(`the gradient of '${name}' became one of shape [${tensor.shape}] instead of [${shape}]`, 'keep shapes');
    return { tensor, scale: 1 };
  };
  /** `f` takes over what it is given, as all of jax-js does. */
  const derive = ({ tensor, scale }: Scaled, name: string, f: (g: np.Array) => np.Array): Scaled =>
    own(name, f(scale === 1 ? tensor.ref : scaled(tensor.ref, changing(scale))));
  const upload = (name: string, data: Host): Scaled => {
    const shape = shapes.get(name);
    if (!shape) throw fault(`a gradient is given for '${name}', which is no parameter`, 'use names of this handle');
    const size = shape.reduce((product, n) => product * n, 1);
    if (data.length !== size) throw fault(`the gradient given for '${name}' has ${data.length} numbers instead of ${size}`, 'keep the length of values(name)');
    return own(name, np.array(new Float32Array(data)).reshape([...shape]));
  };

  function handleOf(names: readonly string[], compute: () => Values, changed: boolean): Gradients<np.Array> {
    const born = generation;
    let memo: Values | undefined;
    const check = (): void => {
      if (released) throw fault('these gradients are gone: their update is done', 'use gradients in the step they belong to');
      if (born !== generation) throw fault('these gradients are stale: another micro-batch was added to them', 'use the handle that the last call gave');
    };
    const values = (): Values => {
      check();
      memo ??= compute();
      return memo;
    };
    const one = (name: string): Scaled => {
      const value = values().get(name);
      if (!value) throw fault(`'${name}' has no gradient in this step`, 'see names: parameters of dropped blocks have none');
      return value;
    };
    const then = (f: (values: Values) => Values, next = names): Gradients<np.Array> => {
      check();
      return handleOf(next, () => f(values()), true);
    };
    const self: Gradients<np.Array> = {
      names,
      losses() {
        check();
        return lossValues();
      },
      norm: (name) => normOf(name === undefined ? values().values() : [one(name)]),
      clipNorm: (limit) =>
        then((current) => {
          const factor = Math.min(1, limit / (normOf(current.values()) + 1e-6));
          return mapped(current, ({ tensor, scale }) => ({ tensor, scale: scale * factor }));
        }),
      clipValue: (limit) => then((current) => mapped(current, (value, name) => derive(value, name, (g) => clamped(g, changing(limit))))),
      scale: (factor, which = () => true) =>
        then((current) => mapped(current, (value, name) => (which(name) ? { ...value, scale: value.scale * factor } : value))),
      map: (f) => then((current) => mapped(current, (value, name) => derive(value, name, (g) => f(g, name)))),
      values: (name) => read(one(name).tensor).map((g) => g * one(name).scale),
      replace(given) {
        check();
        const uploaded = Object.entries(given).map(([name, data]) => [name, upload(name, data)] as const);
        return then((current) => new Map([...current, ...uploaded]), [...new Set([...names, ...Object.keys(given)])]);
      },
    };
    sources.set(self, { accumulator, values, changed });
    return self;
  }

  const addTo = (into: Map<string, np.Array>, name: string, more: np.Array): void => {
    const before = into.get(name);
    into.set(name, before ? sum(before, more) : more);
  };
  const accumulator: Accumulator = {
    add(gradients, terms) {
      generation += 1;
      squares.clear();
      for (const [name, tensor] of gradients) addTo(sums, name, tensor);
      for (const [name, tensor] of Object.entries(terms)) addTo(losses, name, tensor);
    },
    handle: () => handleOf([...sums.keys()], raw, false),
    report: () => ({ losses: lossValues(), gradientNorm: normOf(raw().values()) }),
    release() {
      released = true;
      for (const tensor of [...sums.values(), ...losses.values(), ...derived.splice(0)]) tensor.dispose();
      for (const owned of [sums, losses, squares]) owned.clear();
    },
  };
  return accumulator;
}

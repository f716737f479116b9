import { type Gradients, HooklineError, type Host, type Scalars } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Groups } from '../optimizers/groups.js';
import type { ScaledGradient } from '../optimizers/optimizer.js';
import type { UpdateOps } from '../optimizers/update-ops.js';
import type { Parameters } from './parameters.js';

type Values = ReadonlyMap<string, ScaledGradient>;

/** The gradients and losses of a step in progress, on the device. Handles are views of it; it owns every tensor. */
export interface Accumulator {
  /** Adds a micro-batch and takes its tensors over; handles made before are stale from here on. */
  add(gradients: ReadonlyMap<string, tf.Tensor>, losses: ReadonlyMap<string, tf.Tensor>): void;
  /** A handle on the gradients as they are now. */
  handle(): Gradients<tf.Tensor>;
  /** Mean losses and the norm over all gradients as they came from the backward pass. */
  report(): { readonly losses: Scalars; readonly gradientNorm: number };
  /** Frees everything; all handles are stale from here on. */
  release(): void;
}

interface Source {
  readonly accumulator: Accumulator;
  /** The gradients after the verbs that led to the handle. */
  values(): Values;
  readonly changed: boolean;
}

const sources = new WeakMap<Gradients<tf.Tensor>, Source>();

const fault = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_GRADIENTS', what, { hint });

/** What stands behind a handle; a typed error for a handle of another learner library, or for a stale one. */
export function sourceOf(handle: Gradients<tf.Tensor>): Source {
  const source = sources.get(handle);
  if (!source) throw fault('these gradients were not made by a tensor learner', 'answer with event.gradients or what its verbs gave');
  return source;
}

/**
 * Starts a step. Norms are measured at most once for each tensor, the first time together with the losses: one packed read. `scale` and
 * `clipNorm` only change a factor that the optimizer's pass multiplies by; `clipValue`, `map` and `replace` make new tensors.
 */
export function accumulate(parameters: Parameters, ops: UpdateOps, groups: Groups): Accumulator {
  const sums = new Map<string, tf.Tensor>();
  const losses = new Map<string, tf.Tensor>();
  const derived = new Set<tf.Tensor>();
  const squares = new Map<tf.Tensor, number>();
  let lossValues: Scalars | undefined;
  let generation = 0;
  let released = false;

  /** The gradients as they came from the backward pass. */
  const raw = (): Values => new Map([...sums].map(([name, tensor]) => [name, { tensor, scale: 1 }]));

  const measure = (values: Values): void => {
    const wanted = groups.map((names) => {
      const tensors = names.flatMap((name) => [sums.get(name) ?? [], values.get(name)?.tensor ?? []].flat());
      return [...new Set(tensors)].filter((tensor) => !squares.has(tensor));
    });
    const scalars = lossValues ? [] : [...losses];
    if (wanted.every((tensors) => tensors.length === 0) && scalars.length === 0) return;
    const read = ops.measure(
      wanted,
      scalars.map(([, tensor]) => tensor),
    );
    for (const [g, tensors] of wanted.entries()) for (const [i, tensor] of tensors.entries()) squares.set(tensor, read.squares[g]?.[i] as number);
    lossValues ??= Object.fromEntries(scalars.map(([name], i) => [name, read.scalars[i] as number]));
  };

  const normOf = (values: Values): number => {
    measure(values);
    return Math.sqrt([...values.values()].reduce((total, { tensor, scale }) => total + scale ** 2 * (squares.get(tensor) as number), 0));
  };

  /** Answers with a tensor that the accumulator owns, made by `f` from a gradient with its factor applied. */
  const derive = (name: string, from: ScaledGradient, f: (gradient: tf.Tensor) => tf.Tensor): ScaledGradient => {
    const made = tf.tidy(() => f(from.scale === 1 ? from.tensor : tf.mul(from.tensor, from.scale)));
    if (made === from.tensor) return from;
    tf.keep(made);
    derived.add(made);
    if (made.shape.join() !== from.tensor.shape.join()) {
      throw fault(
        `the gradient of '${name}' became one of shape [${made.shape}] instead of [${from.tensor.shape}]`,
        'map each gradient to one of its own shape',
      );
    }
    return { tensor: made, scale: 1 };
  };

  const upload = (name: string, data: Host): ScaledGradient => {
    if (!parameters.has(name)) throw fault(`a gradient is given for '${name}', which is no parameter`, 'use names of this handle');
    const { shape, size } = parameters.variable(name);
    if (data.length !== size)
      throw fault(`the gradient given for '${name}' has ${data.length} numbers instead of ${size}`, 'keep the length that values(name) had');
    const tensor = tf.keep(tf.tensor(new Float32Array(data), shape, 'float32'));
    derived.add(tensor);
    return { tensor, scale: 1 };
  };

  const mapValues = (values: Values, f: (value: ScaledGradient, name: string) => ScaledGradient): Values =>
    new Map([...values].map(([name, value]) => [name, f(value, name)]));

  /** Takes over the tensors of these names: the first ones as they are, later ones added to those before. */
  const merge = (into: Map<string, tf.Tensor>, from: ReadonlyMap<string, tf.Tensor>, names: readonly string[]): void => {
    const given = names.flatMap((name) => {
      const tensor = from.get(name);
      return tensor ? [{ name, tensor, before: into.get(name) }] : [];
    });
    const added = given.filter((one): one is typeof one & { readonly before: tf.Tensor } => one.before !== undefined);
    const totals =
      added.length > 0
        ? ops.add(
            added.map(({ before }) => before),
            added.map(({ tensor }) => tensor),
          )
        : [];
    for (const { name, tensor, before } of given) if (!before) into.set(name, tf.keep(tensor));
    for (const [i, { name, tensor, before }] of added.entries()) {
      into.set(name, tf.keep(totals[i] as tf.Tensor));
      tf.dispose([before, tensor]);
    }
  };

  const accumulator: Accumulator = {
    add(gradients, terms) {
      generation += 1;
      lossValues = undefined;
      squares.clear();
      for (const names of groups) merge(sums, gradients, names);
      merge(losses, terms, [...terms.keys()]);
    },
    handle() {
      const born = generation;
      const check = (): void => {
        if (released)
          throw fault('these gradients are gone: their update is done', 'use gradients in the step they belong to; values(name) gives numbers to keep');
        if (born !== generation) throw fault('these gradients are stale: another micro-batch was added to them', 'use the handle that the last call gave');
      };
      const make = (names: readonly string[], compute: () => Values, changed: boolean): Gradients<tf.Tensor> => {
        let memo: Values | undefined;
        const values = (): Values => {
          check();
          memo ??= compute();
          return memo;
        };
        const then = (f: (values: Values) => Values, next = names): Gradients<tf.Tensor> => {
          check();
          return make(next, () => f(values()), true);
        };
        const one = (name: string): ScaledGradient => {
          const value = values().get(name);
          if (!value) throw fault(`'${name}' has no gradient in this step`, 'see names for those that have one; parameters of dropped blocks do not');
          return value;
        };
        const self: Gradients<tf.Tensor> = {
          names,
          losses() {
            check();
            measure(values());
            return lossValues ?? {};
          },
          norm: (name) => normOf(name === undefined ? values() : new Map([[name, one(name)]])),
          clipNorm: (limit) =>
            then((current) => {
              const factor = Math.min(1, limit / (normOf(current) + 1e-6));
              return factor === 1 ? current : mapValues(current, ({ tensor, scale }) => ({ tensor, scale: scale * factor }));
            }),
          clipValue: (limit) =>
            then((current) => mapValues(current, (value, name) => derive(name, value, (gradient) => tf.clipByValue(gradient, -limit, limit)))),
          scale: (factor, which = () => true) =>
            then((current) => mapValues(current, (value, name) => (which(name) ? { tensor: value.tensor, scale: value.scale * factor } : value))),
          map: (f) => then((current) => mapValues(current, (value, name) => derive(name, value, (gradient) => f(gradient, name)))),
          values(name) {
            const { tensor, scale } = one(name);
            return Float32Array.from(tensor.dataSync(), (x) => x * scale);
          },
          replace(given) {
            check();
            const uploaded = Object.entries(given).map(([name, data]) => [name, upload(name, data)] as const);
            return then((current) => new Map([...current, ...uploaded]), [...new Set([...names, ...Object.keys(given)])]);
          },
        };
        sources.set(self, { accumulator, values, changed });
        return self;
      };
      return make([...sums.keys()], raw, false);
    },
    report() {
      const gradientNorm = normOf(raw());
      return { losses: lossValues ?? {}, gradientNorm };
    },
    release() {
      released = true;
      for (const tensor of [...sums.values(), ...losses.values(), ...derived]) tensor.dispose();
      for (const owned of [sums, losses, derived, squares]) owned.clear();
    },
  };
  return accumulator;
}

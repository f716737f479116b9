import { HooklineError, type Weights } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Groups } from '../optimizers/groups.js';
import type { UpdateOps } from '../optimizers/update-ops.js';
import type { Parameters } from './parameters.js';

type Slot = ReadonlyMap<string, tf.Tensor>;

export interface Slots extends Weights {
  /** Names of the slots there are. */
  slots(): readonly string[];
  /** Weights of a slot by parameter name; a typed error where there is no such slot. */
  get(slot: string): Slot;
  /** Makes these tensors the slots, all others are gone; takes the tensors over. */
  reset(slots: ReadonlyMap<string, Slot>): void;
  dispose(): void;
}

/**
 * Weights in named slots. `lerp` moves every parameter at every call, those of dropped blocks too: simple, and the same numbers whether or
 * not a checkpoint was written or an evaluation came between. (Catching up lazily would round differently at each of those.)
 */
export function weightSlots(parameters: Parameters, ops: UpdateOps, groups: Groups): Slots {
  const slots = new Map<string, Map<string, tf.Tensor>>();

  const get = (slot: string): Map<string, tf.Tensor> => {
    const found = slots.get(slot);
    if (!found) {
      throw new HooklineError('HOOKLINE_WEIGHTS', `there is no weight slot '${slot}'`, {
        hint: slots.size > 0 ? `there is '${[...slots.keys()].join("', '")}'` : "weights.copy(slot) makes one; 'ema' comes with the plugin weightAveraging",
      });
    }
    return found;
  };
  const drop = (slot: string): void => {
    for (const tensor of slots.get(slot)?.values() ?? []) tensor.dispose();
    slots.delete(slot);
  };
  /** A copy of each: a slot never holds the tensor of a weight. */
  const copies = (names: readonly string[], from: (name: string) => tf.Tensor): (readonly [string, tf.Tensor])[] => {
    const made = ops.decay(
      names.map(from),
      names.map(() => 1),
    );
    return names.map((name, i) => [name, made[i] as tf.Tensor]);
  };

  return {
    slots: () => [...slots.keys()],
    names: parameters.names,
    norms(from) {
      const slot = from === undefined ? undefined : get(from);
      return tf.tidy(() => {
        const wanted = groups.map((names) =>
          names.map((name) => (slot ? tf.sub(parameters.variable(name), slot.get(name) as tf.Tensor) : parameters.variable(name))),
        );
        const { squares } = ops.measure(wanted, []);
        const found = new Map(groups.flatMap((names, g) => names.map((name, i): [string, number] => [name, Math.sqrt(squares[g]?.[i] as number)])));
        return Object.fromEntries(parameters.names.map((name) => [name, found.get(name) as number]));
      });
    },
    get,
    has: (slot) => slots.has(slot),
    remove: drop,
    copy(to) {
      if (to === '' || to.includes('/')) {
        throw new HooklineError('HOOKLINE_WEIGHTS', `'${to}' cannot name a weight slot`, { hint: 'use a name without slashes, such as ema' });
      }
      drop(to);
      slots.set(to, new Map(groups.flatMap((names) => copies(names, parameters.variable).map(([name, tensor]) => [name, tf.keep(tensor)]))));
    },
    lerp(to, amount) {
      const slot = get(to);
      for (const names of groups) {
        const before = names.map((name) => slot.get(name) as tf.Tensor);
        const after = ops.lerp(before, names.map(parameters.variable), amount);
        for (const [i, name] of names.entries()) {
          slot.set(name, tf.keep(after[i] as tf.Tensor));
          before[i]?.dispose();
        }
      }
    },
    restore(from) {
      const slot = get(from);
      for (const names of groups) for (const [name, tensor] of copies(names, (name) => slot.get(name) as tf.Tensor)) parameters.assign(name, tensor);
    },
    reset(next) {
      for (const slot of [...slots.keys()]) drop(slot);
      for (const [slot, tensors] of next) slots.set(slot, new Map([...tensors].map(([name, tensor]) => [name, tf.keep(tensor)])));
    },
    dispose() {
      for (const slot of [...slots.keys()]) drop(slot);
    },
  };
}

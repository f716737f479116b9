import { HooklineError, type NamedTensor, type Tensors, type Weights } from '@hookline/core';
import { jit, numpy as np } from '@jax-js/jax';
import type { Trained } from './adamw.js';
import { changing, distanceBetween, read, squareSum } from './numbers.js';

const array = ({ shape, data }: NamedTensor): np.Array => np.array(new Float32Array(data)).reshape([...shape]);

/** Parameters with moments of zero. */
export const trained = (initial: Tensors): Map<string, Trained> =>
  new Map(
    Object.entries(initial).map(([name, tensor]) => [
      name,
      { weight: array(tensor), first: np.zeros([...tensor.shape]), second: np.zeros([...tensor.shape]), count: 0 },
    ]),
  );

export type Slots = Map<string, Map<string, np.Array>>;

const free = (slot: ReadonlyMap<string, np.Array> | undefined): void => {
  for (const tensor of slot?.values() ?? []) tensor.dispose();
};

export function slotOf(slots: Slots, name: string): ReadonlyMap<string, np.Array> {
  const found = slots.get(name);
  if (!found) throw new HooklineError('HOOKLINE_WEIGHTS', `there is no weight slot '${name}'`, { hint: `weights.copy('${name}') makes one` });
  return found;
}

const lerped = jit((old: np.Array, now: np.Array, amount: np.Array) => old.ref.add(now.sub(old).mul(amount.slice(0))));

/** Arrays of jax-js never change, so that a copy is one more reference. */
export const weightVerbs = (parameters: ReadonlyMap<string, Trained>, slots: Slots): Weights => ({
  names: [...parameters.keys()],
  norms(from) {
    const slot = from === undefined ? undefined : slotOf(slots, from);
    const normOf = (name: string, weight: np.Array): number => (slot ? distanceBetween(weight, slot.get(name)!) : Math.sqrt(squareSum(weight)));
    return Object.fromEntries([...parameters].map(([name, { weight }]) => [name, normOf(name, weight)]));
  },
  has: (name) => slots.has(name),
  remove(slot) {
    free(slots.get(slot));
    slots.delete(slot);
  },
  copy(to) {
    if (to === '' || to.includes('/'))
      throw new HooklineError('HOOKLINE_WEIGHTS', `'${to}' cannot name a weight slot`, { hint: 'use a name without slashes, such as ema' });
    free(slots.get(to));
    slots.set(to, new Map([...parameters].map(([name, { weight }]) => [name, weight.ref])));
  },
  lerp(to, amount) {
    const averages = [...slotOf(slots, to)].map(([name, old]) => [name, lerped(old, parameters.get(name)!.weight.ref, changing(amount))] as const);
    slots.set(to, new Map(averages));
  },
  restore(from) {
    for (const [name, tensor] of slotOf(slots, from)) {
      const own = parameters.get(name)!;
      own.weight.dispose();
      own.weight = tensor.ref;
    }
  },
});

interface State {
  readonly parameters: ReadonlyMap<string, Trained>;
  readonly slots: Slots;
}

/** Copies of everything that training depends on, under the names that tensor learners of tfjs use: `weights/NAME`, `adam.m/NAME`, `adam.v/NAME`, `adam.step/NAME`, `slot:SLOT/NAME`. */
export function save({ parameters, slots }: State): Tensors {
  const out: Record<string, NamedTensor> = {};
  const put = (key: string, tensor: np.Array) => {
    out[key] = { shape: [...tensor.shape], data: read(tensor) };
  };
  for (const [name, { weight, first, second, count }] of parameters) {
    put(`weights/${name}`, weight);
    put(`adam.m/${name}`, first);
    put(`adam.v/${name}`, second);
    out[`adam.step/${name}`] = { shape: [1], data: Int32Array.of(count) };
  }
  for (const [slot, tensors] of slots) for (const [name, tensor] of tensors) put(`slot:${slot}/${name}`, tensor);
  return out;
}

const misfit = (what: string): HooklineError =>
  new HooklineError('HOOKLINE_CHECKPOINT_MODEL', `the checkpoint does not fit this model: ${what}`, { hint: 'load it into the model that wrote it' });

/** Slots that a checkpoint holds; a typed error where it holds other tensors than the model. */
function check({ parameters }: State, tensors: Tensors): readonly string[] {
  const saved = [...new Set(Object.keys(tensors).flatMap((key) => /^slot:([^/]+)\//.exec(key)?.slice(1) ?? []))];
  const expected = new Map<string, readonly number[]>();
  for (const [name, { weight }] of parameters) {
    for (const prefix of ['weights', 'adam.m', 'adam.v', ...saved.map((slot) => `slot:${slot}`)]) expected.set(`${prefix}/${name}`, weight.shape);
    expected.set(`adam.step/${name}`, [1]);
  }
  for (const [key, shape] of expected) {
    const found = tensors[key];
    if (!found) throw misfit(`it has no tensor '${key}'`);
    const size = shape.reduce((product, n) => product * n, 1);
    if (found.shape.join() !== shape.join() || found.data.length !== size) throw misfit(`tensor '${key}' is [${found.shape}] and should be [${shape}]`);
  }
  const strange = Object.keys(tensors).find((key) => !expected.has(key));
  if (strange !== undefined) throw misfit(`it has a tensor '${strange}', which the model has not`);
  return saved;
}

/** Takes back what `save` gave; nothing changes where it does not fit. */
export function load(state: State, tensors: Tensors): void {
  const saved = check(state, tensors);
  const { parameters, slots } = state;
  const at = (key: string) => array(tensors[key]!);
  for (const [name, own] of parameters) {
    release(own);
    Object.assign(own, {
      weight: at(`weights/${name}`),
      first: at(`adam.m/${name}`),
      second: at(`adam.v/${name}`),
      count: tensors[`adam.step/${name}`]!.data[0]!,
    });
  }
  for (const slot of slots.values()) free(slot);
  slots.clear();
  for (const slot of saved) slots.set(slot, new Map([...parameters.keys()].map((name) => [name, at(`slot:${slot}/${name}`)])));
}

const release = ({ weight, first, second }: Trained): void => {
  for (const tensor of [weight, first, second]) tensor.dispose();
};

export function dispose({ parameters, slots }: State): void {
  for (const own of parameters.values()) release(own);
  for (const slot of slots.values()) free(slot);
  slots.clear();
}

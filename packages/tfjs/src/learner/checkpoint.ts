import { HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Moments, Optimizer } from '../optimizers/optimizer.js';
import type { Parameters } from './parameters.js';
import type { Slots } from './slots.js';

/** What a learner's checkpoint is made of and put back into. */
export interface Saved {
  readonly parameters: Parameters;
  readonly optimizer: Optimizer;
  readonly slots: Slots;
}

const slotPrefix = 'slot:';

/** Names of all that has a value: parameters and buffers. */
const valued = ({ names, buffers }: Parameters): readonly string[] => [...names, ...buffers];

const host = (tensor: tf.Tensor): NamedTensor => ({ shape: [...tensor.shape], data: new Float32Array(tensor.dataSync()) });
const device = ({ shape, data }: NamedTensor): tf.Tensor => tf.tensor(new Float32Array(data), [...shape], 'float32');

/** Names of an optimizer's state begin with its own, so that one's is never taken for another's. */
const prefixOf = ({ kind }: Optimizer, state: string): string => `${kind}.${state}/`;

/**
 * Everything that training depends on, as copies: `weights/NAME`, the optimizer's state, for Adam `adam.m/NAME` and `adam.v/NAME`, the step counter
 * `adam.step/NAME` (one int32), and `slot:SLOT/NAME`.
 */
export function saveTensors({ parameters, optimizer, slots }: Saved): Tensors {
  const out: Record<string, NamedTensor> = {};
  for (const [name, tensor] of Object.entries(parameters.read())) out[`weights/${name}`] = tensor;
  const moments = optimizer.read();
  for (const name of parameters.names) {
    const { state, count } = moments.get(name) as Moments;
    const shape = [...parameters.variable(name).shape];
    for (const [one, data] of Object.entries(state)) out[prefixOf(optimizer, one) + name] = { shape, data };
    out[prefixOf(optimizer, 'step') + name] = { shape: [1], data: Int32Array.of(count) };
  }
  for (const slot of slots.slots()) for (const name of valued(parameters)) out[`${slotPrefix}${slot}/${name}`] = host(slots.get(slot).get(name) as tf.Tensor);
  return out;
}

/** Splits `slot:SLOT/NAME`; parameter names may hold slashes, slot names not. */
function slotOf(key: string): string | undefined {
  return key.startsWith(slotPrefix) && key.includes('/') ? key.slice(slotPrefix.length, key.indexOf('/')) : undefined;
}

const mismatch = (what: string): HooklineError =>
  new HooklineError('HOOKLINE_CHECKPOINT_MODEL', what, { hint: 'build the model with the sizes, and the optimizer, that the checkpoint was written with' });

function check({ parameters, optimizer }: Saved, tensors: Tensors): readonly string[] {
  const prefixes = optimizer.states.map((state) => prefixOf(optimizer, state));
  const savedSlots = [...new Set(Object.keys(tensors).flatMap((key) => slotOf(key) ?? []))];
  const expected = new Map<string, readonly number[]>();
  for (const name of valued(parameters)) {
    const { shape } = parameters.variable(name);
    const moved = parameters.names.includes(name);
    for (const prefix of ['weights/', ...(moved ? prefixes : []), ...savedSlots.map((slot) => `${slotPrefix}${slot}/`)]) expected.set(prefix + name, shape);
    if (moved) expected.set(prefixOf(optimizer, 'step') + name, [1]);
  }
  for (const [key, shape] of expected) {
    const found = tensors[key];
    if (!found) throw mismatch(`the checkpoint has no tensor '${key}', which should have shape [${shape}]`);
    const length = shape.reduce((product, n) => product * n, 1);
    if (found.shape.join() !== shape.join() || found.data.length !== length) {
      throw mismatch(`tensor '${key}' has shape [${found.shape}] in the checkpoint and [${shape}] in the model`);
    }
  }
  for (const key of Object.keys(tensors)) {
    if (!expected.has(key)) throw mismatch(`the checkpoint has a tensor '${key}' of shape [${tensors[key]?.shape}], which the model does not have`);
  }
  return savedSlots;
}

/** Takes back what `saveTensors` gave, bit for bit; nothing changes when a name or a shape does not fit. */
export function loadTensors(into: Saved, tensors: Tensors): void {
  const savedSlots = check(into, tensors);
  const { parameters, optimizer, slots } = into;
  const at = (key: string): NamedTensor => tensors[key] as NamedTensor;
  const numbers = (key: string): Float32Array => new Float32Array(at(key).data);
  for (const name of valued(parameters)) parameters.assign(name, device(at(`weights/${name}`)));
  const momentsOf = (name: string): Moments => ({
    state: Object.fromEntries(optimizer.states.map((state) => [state, numbers(prefixOf(optimizer, state) + name)])),
    count: at(prefixOf(optimizer, 'step') + name).data[0] as number,
  });
  optimizer.restore(new Map(parameters.names.map((name) => [name, momentsOf(name)])));
  slots.reset(new Map(savedSlots.map((slot) => [slot, new Map(valued(parameters).map((name) => [name, device(at(`${slotPrefix}${slot}/${name}`))]))])));
}

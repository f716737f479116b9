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

const host = (tensor: tf.Tensor): NamedTensor => ({ shape: [...tensor.shape], data: new Float32Array(tensor.dataSync()) });
const device = ({ shape, data }: NamedTensor): tf.Tensor => tf.tensor(new Float32Array(data), [...shape], 'float32');

/** Names of moments begin with the optimizer's, so that one optimizer's state is never taken for another's. */
const prefixes = (optimizer: Optimizer): { readonly m: string; readonly v: string; readonly step: string } => {
  const kind = optimizer.settings.type === 'lamb' ? 'lamb' : 'adam';
  return { m: `${kind}.m/`, v: `${kind}.v/`, step: `${kind}.step/` };
};

/**
 * Everything that training depends on, as copies: `weights/NAME`, `adam.m/NAME`, `adam.v/NAME` (or `lamb.…`), the step counter
 * `adam.step/NAME` (one int32), and `slot:SLOT/NAME`.
 */
export function saveTensors({ parameters, optimizer, slots }: Saved): Tensors {
  const { m, v, step } = prefixes(optimizer);
  const out: Record<string, NamedTensor> = {};
  for (const [name, tensor] of Object.entries(parameters.read())) out[`weights/${name}`] = tensor;
  const moments = optimizer.read();
  for (const name of parameters.names) {
    const { m: first, v: second, count } = moments.get(name) as Moments;
    const shape = [...parameters.variable(name).shape];
    out[m + name] = { shape, data: first };
    out[v + name] = { shape, data: second };
    out[step + name] = { shape: [1], data: Int32Array.of(count) };
  }
  for (const slot of slots.names()) for (const name of parameters.names) out[`${slotPrefix}${slot}/${name}`] = host(slots.get(slot).get(name) as tf.Tensor);
  return out;
}

/** Splits `slot:SLOT/NAME`; parameter names may hold slashes, slot names not. */
function slotOf(key: string): string | undefined {
  return key.startsWith(slotPrefix) && key.includes('/') ? key.slice(slotPrefix.length, key.indexOf('/')) : undefined;
}

const mismatch = (what: string): HooklineError =>
  new HooklineError('HOOKLINE_CHECKPOINT_MODEL', what, { hint: 'build the model with the sizes, and the optimizer, that the checkpoint was written with' });

function check({ parameters, optimizer }: Saved, tensors: Tensors): readonly string[] {
  const { m, v, step } = prefixes(optimizer);
  const savedSlots = [...new Set(Object.keys(tensors).flatMap((key) => slotOf(key) ?? []))];
  const expected = new Map<string, readonly number[]>();
  for (const name of parameters.names) {
    const { shape } = parameters.variable(name);
    for (const prefix of ['weights/', m, v, ...savedSlots.map((slot) => `${slotPrefix}${slot}/`)]) expected.set(prefix + name, shape);
    expected.set(step + name, [1]);
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
  const { m, v, step } = prefixes(optimizer);
  const at = (key: string): NamedTensor => tensors[key] as NamedTensor;
  const numbers = (key: string): Float32Array => new Float32Array(at(key).data);
  for (const name of parameters.names) parameters.assign(name, device(at(`weights/${name}`)));
  optimizer.restore(new Map(parameters.names.map((name) => [name, { m: numbers(m + name), v: numbers(v + name), count: at(step + name).data[0] as number }])));
  slots.reset(new Map(savedSlots.map((slot) => [slot, new Map(parameters.names.map((name) => [name, device(at(`${slotPrefix}${slot}/${name}`))]))])));
}

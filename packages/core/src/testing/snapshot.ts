import { HooklineError } from '../errors.js';
import type { NamedTensor, Tensors } from '../values.js';
import type { Named } from './gradient-handle.js';
import type { OptimizerState } from './optimizer.js';

/** All that a learner has to save. */
export interface LearnerState {
  readonly weights: Named;
  readonly optimizer: OptimizerState;
  readonly slots: Record<string, Named>;
}

const copies = (prefix: string, named: Named, shape: readonly number[]): [string, NamedTensor][] =>
  Object.entries(named).map(([name, data]) => [`${prefix}/${name}`, { shape, data: data.slice() }]);

/** Copies of all state as tensors: `weights/NAME`, `adam.first/NAME`, `adam.second/NAME`, `slots.SLOT/NAME`, `counters`. */
export function saveState({ weights, optimizer, slots }: LearnerState, shape: readonly number[]): Tensors {
  const counters = Object.values(optimizer.counters);
  return Object.fromEntries([
    ...copies('weights', weights, shape),
    ...copies('adam.first', optimizer.first, shape),
    ...copies('adam.second', optimizer.second, shape),
    ...Object.entries(slots).flatMap(([slot, named]) => copies(`slots.${slot}`, named, shape)),
    ['counters', { shape: [counters.length], data: Float64Array.from(counters) }],
  ]);
}

const misfit = (what: string): HooklineError =>
  new HooklineError('HOOKLINE_CHECKPOINT_MODEL', `the checkpoint does not fit this model: ${what}`, { hint: 'load it into the model that wrote it' });

/** Slots that a checkpoint holds. */
const slotsIn = (tensors: Tensors): readonly string[] => [...new Set(Object.keys(tensors).flatMap((key) => key.match(/^slots\.([^/]+)\//)?.slice(1) ?? []))];

/**
 * Takes back what `saveState` gave.
 * @throws HooklineError `HOOKLINE_CHECKPOINT_MODEL` naming the tensor that is missing, strange or of another shape; nothing is changed then
 */
export function loadState(state: LearnerState, tensors: Tensors, shape: readonly number[]): void {
  const { weights, optimizer, slots } = state;
  const saved = slotsIn(tensors);
  const blank = (): Named => Object.fromEntries(Object.entries(weights).map(([name, { length }]) => [name, new Float64Array(length)]));
  const restored: Record<string, Named> = Object.fromEntries(saved.map((slot) => [slot, blank()]));
  const expected = saveState({ weights, optimizer, slots: restored }, shape);
  for (const [key, { shape: own, data }] of Object.entries(expected)) {
    const found = tensors[key];
    if (!found) throw misfit(`it has no tensor '${key}'`);
    if (found.shape.join() !== own.join()) throw misfit(`tensor '${key}' is [${found.shape}] and should be [${own}]`);
    if (found.data.length !== data.length) throw misfit(`tensor '${key}' has ${found.data.length} numbers instead of ${data.length}`);
  }
  const strange = Object.keys(tensors).find((key) => !(key in expected));
  if (strange !== undefined) throw misfit(`it has a tensor '${strange}', which the model has not`);

  const fill = (prefix: string, named: Named) => Object.entries(named).forEach(([name, into]) => void into.set(tensors[`${prefix}/${name}`]!.data));
  fill('weights', weights);
  fill('adam.first', optimizer.first);
  fill('adam.second', optimizer.second);
  for (const slot of saved) fill(`slots.${slot}`, restored[slot]!);
  for (const slot of Object.keys(slots)) delete slots[slot];
  Object.assign(slots, restored);
  const counters = tensors['counters']!.data;
  Object.assign(optimizer.counters, Object.fromEntries(Object.keys(optimizer.counters).map((name, i) => [name, counters[i]!])));
}

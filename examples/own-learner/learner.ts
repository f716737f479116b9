import {
  type Algebra,
  type Block,
  type BlockInfo,
  type BlockScope,
  type Data,
  HooklineError,
  type Learner,
  type Tensors,
  uniform,
  type Weights,
} from '@hookline/core';
import { handleOf, type Sum, sourceOf } from './handle.js';
import { layer, mix, type Tape, type Vector, vector } from './tape.js';

const width = 4;
const names = ['layer.0', 'layer.1', 'layer.2'];

/** A batch: numbers, and their squares as what is to be learnt. */
interface Pairs {
  readonly x: Float64Array; // [rows · width]
  readonly y: Float64Array;
}

const blocks: readonly BlockInfo[] = names.map((name) => ({ name, branches: [], parameters: [name], cost: 1 }));

const pairs = (key: string, rows: number): Pairs => {
  const x = Float64Array.from({ length: rows * width }, (_, i) => uniform(1, key, 0, i));
  return { x, y: x.map((value) => value ** 2) };
};

const data: Data<Pairs> = {
  batchesPerEpoch: 10,
  batch: (position) => pairs(`batch ${position % 10}`, 3),
  counts: ({ x }) => ({ square: x.length }),
};

const norm = (x: Float64Array): number => Math.hypot(...x);
const copy = (of: Readonly<Record<string, Float64Array>>) => Object.fromEntries(names.map((name) => [name, of[name]!.slice()]));

/** Three residual layers x + tanh(w · x), trained by gradient descent with weight decay. */
export function ownLearner(): Learner<Pairs, Vector> {
  const weights = Object.fromEntries(names.map((name) => [name, Float64Array.from({ length: width }, (_, i) => uniform(1, name, 0, i) - 0.5)]));
  const slots = new Map<string, Record<string, Float64Array>>();
  let tape: Tape = [];

  const algebra: Algebra<Vector> = {
    run({ gate, seed, mode, recompute }, x, body, inputs) {
      if (recompute)
        throw new HooklineError('HOOKLINE_RECOMPUTE', `block '${gate.name}' cannot be recomputed: this learner keeps what the backward pass needs`);
      const branch: BlockScope<Vector>['branch'] = (name) => {
        throw new HooklineError('HOOKLINE_BRANCH', `block '${gate.name}' has no branch '${name}'`);
      };
      const y = body(x, { branch, seed, mode }, ...inputs);
      return mix(tape, 1 - gate.gain, x, gate.gain, y);
    },
    norm: (x) => norm(x.data),
    dot: (x, y) => x.data.reduce((sum, value, i) => sum + value * y.data[i]!, 0),
    distance: (x, y) => norm(x.data.map((value, i) => value - y.data[i]!)),
  };

  const forward = (x: Vector, block: Block<Vector>, gradientOf: (name: string) => Float64Array | undefined): Vector =>
    names.reduce((h, name) => block(name, h, (u) => layer(tape, u, weights[name]!, gradientOf(name))), x);

  /** The sum of squared errors, times a factor; leaves the output's gradient where it belongs. */
  const loss = (out: Vector, { y }: Pairs, factor: number): number => {
    out.data.forEach((value, i) => {
      out.gradient[i] = 2 * factor * (value - y[i]!);
    });
    return factor * out.data.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0);
  };

  const gradients: Learner<Pairs, Vector>['gradients'] = (batch, block, denominators, into, _seed, frozen = () => false) => {
    const before = into && sourceOf(into);
    if (before?.changed) throw new HooklineError('HOOKLINE_GRADIENTS', 'a micro-batch cannot be added to gradients that a verb changed');
    const sum: Sum = before?.sum ?? { gradients: {}, loss: 0, version: 0 };
    sum.version += 1;
    tape = [];
    const gradientOf = (name: string) => {
      if (frozen(name)) return undefined;
      sum.gradients[name] ??= new Float64Array(width);
      return sum.gradients[name];
    };
    sum.loss += loss(forward(vector(batch.x), block, gradientOf), batch, 1 / denominators['square']!);
    for (const back of tape.reverse()) back();
    return handleOf(sum, (name) => weights[name]?.length);
  };

  const update: Learner<Pairs, Vector>['update'] = (handle, { learningRate, rateScale, dropped, skip }) => {
    const { sum, values } = sourceOf(handle);
    const final = values();
    const report = { losses: { square: sum.loss }, gradientNorm: norm(Float64Array.from(Object.values(sum.gradients).flatMap((g) => [...g]))) };
    for (const name of skip ? [] : names) {
      const gradient = final[name];
      if (!gradient && dropped === 'skip') continue;
      const rate = learningRate * rateScale(name);
      weights[name]!.forEach((w, i) => {
        weights[name]![i] = w - rate * ((gradient?.[i] ?? 0) + 0.01 * w);
      });
    }
    sum.version += 1;
    return report;
  };

  const slotOf = (slot: string) => {
    const found = slots.get(slot);
    if (!found) throw new HooklineError('HOOKLINE_SLOT', `there are no weights in slot '${slot}'`);
    return found;
  };
  const put = (from: Readonly<Record<string, Float64Array>>) => names.forEach((name) => void weights[name]!.set(from[name]!));
  const verbs: Weights = {
    names,
    norms(from) {
      const slot = from === undefined ? undefined : slotOf(from);
      return Object.fromEntries(names.map((name) => [name, norm(weights[name]!.map((w, i) => w - (slot?.[name]?.[i] ?? 0)))]));
    },
    copy: (to) => void slots.set(to, copy(weights)),
    lerp(to, amount) {
      const slot = slotOf(to);
      for (const name of names) slot[name] = slot[name]!.map((old, i) => old + amount * (weights[name]![i]! - old));
    },
    restore: (from) => put(slotOf(from)),
    remove: (slot) => void slots.delete(slot),
    has: (slot) => slots.has(slot),
  };

  const metrics = (block: Block<Vector>) => {
    tape = [];
    const held = pairs('held out', 5);
    return {
      loss: loss(
        forward(vector(held.x), block, () => undefined),
        held,
        1 / held.x.length,
      ),
    };
  };
  const evaluate: Learner<Pairs, Vector>['evaluate'] = (set, block, slot) => {
    if (set !== 'dev') throw new HooklineError('HOOKLINE_EVALUATION_SET', `there is no evaluation set '${set}'`);
    if (slot === undefined) return metrics(block);
    const trained = copy(weights);
    put(slotOf(slot));
    try {
      return metrics(block);
    } finally {
      put(trained); // also where the evaluation throws
    }
  };

  const save = (): Tensors => {
    const all = [['weights', weights] as const, ...[...slots].map(([slot, own]) => [`slot:${slot}`, own] as const)];
    return Object.fromEntries(all.flatMap(([prefix, own]) => names.map((name) => [`${prefix}/${name}`, { shape: [width], data: own[name]!.slice() }])));
  };
  const load = (tensors: Tensors): void => {
    const found = [...new Set(Object.keys(tensors).map((key) => key.slice(0, key.indexOf('/'))))];
    const fits = found.includes('weights') && found.every((prefix) => prefix === 'weights' || prefix.startsWith('slot:'));
    const keys = found.flatMap((prefix) => names.map((name) => `${prefix}/${name}`));
    const wrong = [...keys, ...Object.keys(tensors)].find(
      (key) => !keys.includes(key) || String(tensors[key]?.shape) !== '4' || tensors[key]?.data.length !== 4,
    );
    if (!fits || wrong !== undefined) throw new HooklineError('HOOKLINE_CHECKPOINT_MODEL', `the checkpoint does not fit: '${wrong ?? 'weights'}'`);
    const read = (prefix: string) => Object.fromEntries(names.map((name) => [name, Float64Array.from(tensors[`${prefix}/${name}`]!.data)]));
    put(read('weights'));
    slots.clear();
    for (const prefix of found) if (prefix !== 'weights') slots.set(prefix.slice('slot:'.length), read(prefix));
  };

  return { blocks, data, evaluationSets: ['dev'], algebra, weights: verbs, gradients, update, evaluate, save, load, dispose: () => undefined };
}

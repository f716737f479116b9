import { expect, test } from 'vitest';
import { makeBlock } from '../block.js';
import { type Gates, openGates } from '../gates.js';
import type { Learner, UpdatePlan } from '../learner.js';
import type { Tensors } from '../values.js';
import { type ResidualMlpOptions, type Rows, residualMlp, type Vec } from './index.js';

const plan: UpdatePlan = { step: 0, learningRate: 0.1, rateScale: () => 1, gates: [], dropped: 'skip', counter: 'own', skip: false };

interface PassOptions {
  readonly gates?: Gates;
  readonly recompute?: boolean;
}

const blockOf = (learner: Learner<Rows, Vec>, { gates = openGates(learner.blocks), recompute = false }: PassOptions = {}) =>
  makeBlock<Vec>({
    mode: 'train',
    step: 0,
    micro: 0,
    gates,
    algebra: learner.algebra,
    hook: undefined,
    recompute: () => recompute,
    seedOf: (i) => [77, i],
  });

async function gradientsOf(learner: Learner<Rows, Vec>, options?: PassOptions) {
  const batch = await learner.data.batch(1);
  const block = blockOf(learner, options);
  return learner.gradients(batch, block, learner.data.counts(batch), undefined, [78, 0]);
}

async function lossOf(learner: Learner<Rows, Vec>, options?: PassOptions): Promise<number> {
  const { losses } = await learner.update(await gradientsOf(learner, options), { ...plan, skip: true });
  return Object.values(losses).reduce((a, b) => a + b, 0);
}

const nudged = (tensors: Tensors, name: string, at: number, by: number): Tensors => {
  const tensor = tensors[name]!;
  const data = Float64Array.from(tensor.data);
  data[at]! += by;
  return { ...tensors, [name]: { ...tensor, data } };
};

/** Gates with gains that are no ones; block 1 closed, one branch of block 2 closed. */
const gated: Gates = openGates(residualMlp().blocks).map((gate, i) => ({
  ...gate,
  active: i !== 1,
  gain: 1 + 0.3 * i,
  branches: { a: { active: true, gain: 0.7 + i }, b: { active: i !== 2, gain: 1.5 } },
}));

test.each<[string, PassOptions, ResidualMlpOptions]>([
  ['all open', {}, {}],
  ['gates and gains of blocks and branches', { gates: gated }, {}],
  ['the same, recomputed', { gates: gated, recompute: true }, {}],
  ['dropout', { gates: gated }, { dropout: 0.3 }],
])('gradients agree with central differences: %s', async (_, pass, options) => {
  const learner = residualMlp({ depth: 3, width: 3, batch: 4, ...options });
  const gates = (pass.gates ?? openGates(learner.blocks)).slice(0, 3);
  const gradients = await gradientsOf(learner, { ...pass, gates });
  const saved = learner.save();
  for (const key of Object.keys(saved).filter((name) => name.startsWith('weights/'))) {
    const name = key.slice('weights/'.length);
    for (const at of [0, 4, 8]) {
      const h = 1e-5;
      learner.load(nudged(saved, key, at, h));
      const above = await lossOf(learner, { ...pass, gates });
      learner.load(nudged(saved, key, at, -h));
      const below = await lossOf(learner, { ...pass, gates });
      const expected = (above - below) / (2 * h);
      const given = gradients.names.includes(name) ? gradients.values(name)[at]! : 0;
      expect(Math.abs(given - expected)).toBeLessThan(1e-8 * (1 + Math.abs(expected)));
    }
  }
});

test('a block blends x + gain (B(x) - x), and its branches x + gain F(x)', async () => {
  const learner = residualMlp({ depth: 1 });
  const x: Vec = { values: Float64Array.of(1, -2, 0.5, 0, 3, 1), gradient: new Float64Array(6) };
  const [gate] = openGates(learner.blocks);
  const run = (change: object) =>
    learner.algebra.run(
      { name: 'block.0', gate: { ...gate!, ...change }, recompute: false, seed: [0, 0], mode: 'train' },
      x,
      (u, { branch }) => branch('a', u, (v) => ({ values: v.values.map((n) => n * n), gradient: v.gradient })),
      [],
    ).values;
  expect([...run({})]).toEqual([2, 2, 0.75, 0, 12, 2]);
  expect([...run({ gain: 0.5 })]).toEqual([1.5, 0, 0.625, 0, 7.5, 1.5]);
  expect([...run({ branches: { a: { active: true, gain: 2 } } })]).toEqual([3, 6, 1, 0, 21, 3]);
  expect([...run({ branches: { a: { active: false, gain: 2 } } })]).toEqual([...x.values]);
});

test('after is applied to the sum of an open branch and skipped with a closed one', () => {
  const { algebra, blocks } = residualMlp({ depth: 1 });
  const x: Vec = { values: Float64Array.of(1, 2, 3, 4, 5, 6), gradient: new Float64Array(6) };
  const half = (v: Vec): Vec => ({ values: v.values.map((n) => n / 2), gradient: v.gradient });
  const run = (active: boolean) =>
    algebra.run(
      { name: 'block.0', gate: { ...openGates(blocks)[0]!, branches: { a: { active, gain: 1 } } }, recompute: false, seed: [0, 0], mode: 'train' },
      x,
      (u, { branch }) => branch('a', u, (v) => v, half),
      [],
    ).values;
  expect([...run(true)]).toEqual([...x.values]);
  expect([...run(false)]).toEqual([...x.values]);
  expect(() =>
    algebra.run(
      { name: 'block.0', gate: openGates(blocks)[0]!, recompute: false, seed: [0, 0], mode: 'train' },
      x,
      (u, { branch }) => branch('c', u, half),
      [],
    ),
  ).toThrow("block 'block.0' has no branch 'c'; its branches are: a, b");
});

test('dropped blocks run no operation, forward, backward or in the optimizer', async () => {
  const count = async (gates: (open: Gates) => Gates, depth: number) => {
    const operations = { forward: 0, backward: 0, updated: 0 };
    const learner = residualMlp({ depth, operations });
    await learner.update(await gradientsOf(learner, { gates: gates(openGates(learner.blocks)) }), plan);
    return operations;
  };
  for (const pattern of Array.from({ length: 16 }, (_, bits) => [0, 1, 2, 3].map((i) => ((bits >> i) & 1) === 1))) {
    const active = pattern.filter(Boolean).length;
    expect(await count((open) => open.map((gate, i) => ({ ...gate, active: pattern[i]! })), 4)).toEqual(await count((open) => open, active));
  }
});

test.each<[UpdatePlan['dropped'], boolean, boolean, number]>([
  // policy, weights move, moments move, counter
  ['skip', false, false, 1],
  ['decay', true, false, 1],
  ['zeroGradient', true, true, 2],
])("dropped: '%s'", async (dropped, weightsMove, momentsMove, counter) => {
  const learner = residualMlp({ depth: 2 });
  await learner.update(await gradientsOf(learner), plan);
  const before = learner.save();
  const gates = openGates(learner.blocks).map((gate) => ({ ...gate, active: gate.name !== 'block.1' }));
  await learner.update(await gradientsOf(learner, { gates }), { ...plan, step: 1, dropped });
  const after = learner.save();
  const moved = (key: string) => String(before[key]!.data) !== String(after[key]!.data);
  expect([moved('weights/block.1.a.in'), moved('adam.first/block.1.a.in'), moved('adam.second/block.1.a.in')]).toEqual([weightsMove, momentsMove, momentsMove]);
  if (dropped === 'decay') expect([...after['weights/block.1.a.in']!.data]).toEqual([...before['weights/block.1.a.in']!.data].map((w) => w - 0.1 * 0.01 * w));
  const names = ['stem', 'block.0.a.in', 'block.0.a.out', 'block.0.b.in', 'block.0.b.out', 'block.1.a.in'];
  expect(after['counters']!.data[names.indexOf('block.1.a.in')]).toBe(counter);
  expect(after['counters']!.data[0]).toBe(2);
});

test("the bias correction counts a parameter's own steps, or the trainer's", async () => {
  const first = async (counter: UpdatePlan['counter']) => {
    const learner = residualMlp({ weightDecay: 0 });
    const before = learner.save()['weights/head']!.data;
    const gradients = await gradientsOf(learner);
    const g = gradients.values('head')[0]!;
    await learner.update(gradients, { ...plan, step: 9, counter });
    return { moved: before[0]! - learner.save()['weights/head']!.data[0]!, g };
  };
  const { moved: own, g } = await first('own');
  expect(own).toBeCloseTo((0.1 * g) / (Math.abs(g) + 1e-8), 12);
  const { moved: global } = await first('global');
  const corrected = (0.1 * g) / (1 - 0.9 ** 10) / (Math.sqrt((0.001 * g * g) / (1 - 0.999 ** 10)) + 1e-8);
  expect(global).toBeCloseTo(0.1 * corrected, 12);
});

test('rateScale 0 freezes a parameter; skip leaves everything', async () => {
  const learner = residualMlp();
  const before = learner.save();
  await learner.update(await gradientsOf(learner), { ...plan, rateScale: (name) => (name === 'stem' ? 0 : 1) });
  expect(learner.save()['weights/stem']).toEqual(before['weights/stem']);
  expect(learner.save()['weights/head']).not.toEqual(before['weights/head']);
  const now = learner.save();
  await learner.update(await gradientsOf(learner), { ...plan, skip: true });
  expect(learner.save()).toEqual(now);
});

test('verbs on gradients are lazy, chain, and leave the handle they came from', async () => {
  const gradients = await gradientsOf(residualMlp());
  const norm = gradients.norm();
  const clipped = gradients.clipNorm(0.5);
  expect(clipped.norm()).toBeCloseTo(0.5, 5);
  expect(gradients.clipNorm(1e9).norm()).toBe(norm);
  expect(gradients.scale(2, (name) => name === 'head').norm('head')).toBeCloseTo(2 * gradients.norm('head'), 12);
  expect(gradients.scale(2, (name) => name === 'head').norm('stem')).toBe(gradients.norm('stem'));
  expect(Math.max(...gradients.clipValue(0.01).values('head').map(Math.abs))).toBeLessThanOrEqual(0.01);
  expect([...gradients.replace({ head: new Float64Array(36).fill(3) }).values('head')]).toEqual(new Array(36).fill(3));
  expect(gradients.map((g) => ({ ...g, values: g.values.map((x: number) => -x) })).values('stem')[0]).toBe(-gradients.values('stem')[0]!);
  expect(gradients.norm()).toBe(norm);
  expect(() => gradients.values('nothing')).toThrow("there is no gradient of 'nothing'");
});

test('a frozen parameter has no gradient, and the others have what they had', async () => {
  const learner = residualMlp({ depth: 2 });
  const all = await gradientsOf(learner);
  const values = Object.fromEntries(all.names.map((name) => [name, [...all.values(name)]]));
  const batch = await learner.data.batch(1);
  const operations = { forward: 0, backward: 0, updated: 0 };
  const counted = residualMlp({ depth: 2, operations });
  const block = blockOf(counted);
  const some = counted.gradients(batch, block, counted.data.counts(batch), undefined, [78, 0], (name) => !name.startsWith('block.1'));
  expect([...some.names].sort()).toEqual(['block.1.a.in', 'block.1.a.out', 'block.1.b.in', 'block.1.b.out']);
  for (const name of some.names) expect([...some.values(name)]).toEqual(values[name]);
  await counted.update(some, { ...plan, dropped: 'zeroGradient', rateScale: (name) => (name.startsWith('block.1') ? 1 : 0) });
  expect(operations.updated).toBe(4);
});

test('norms of weights, and of their way from a slot; a slot that was removed is gone', async () => {
  const learner = residualMlp({ depth: 1 });
  const { weights } = learner;
  expect(weights.names).toEqual(['stem', 'block.0.a.in', 'block.0.a.out', 'block.0.b.in', 'block.0.b.out', 'head']);
  weights.copy('before');
  const before = learner.save()['weights/head']!.data;
  expect(weights.norms()['head']).toBeCloseTo(Math.hypot(...before), 12);
  expect(weights.norms('before')['head']).toBe(0);
  await learner.update(await gradientsOf(learner), plan);
  const way = learner.save()['weights/head']!.data.map((w, i) => w - before[i]!);
  expect(weights.norms('before')['head']).toBeCloseTo(Math.hypot(...way), 12);
  weights.remove('before');
  weights.remove('never');
  expect(weights.has('before')).toBe(false);
  expect(Object.keys(learner.save()).some((name) => name.includes('before'))).toBe(false);
  expect(() => weights.norms('before')).toThrow("there are no weights in slot 'before'");
});

test('a handle knows the losses of its step', async () => {
  const learner = residualMlp();
  const gradients = await gradientsOf(learner);
  const losses = gradients.clipNorm(0.1).losses();
  expect((await learner.update(gradients, plan)).losses).toEqual(losses);
});

test('slots: copy, lerp, restore; evaluation under a slot leaves the trained weights', async () => {
  const learner = residualMlp();
  const { weights } = learner;
  expect(weights.has('ema')).toBe(false);
  expect(() => weights.lerp('ema', 0.5)).toThrow("there are no weights in slot 'ema'");
  weights.copy('ema');
  const first = learner.save()['weights/head']!.data[0]!;
  await learner.update(await gradientsOf(learner), plan);
  const trained = learner.save()['weights/head']!.data[0]!;
  weights.lerp('ema', 0.25);
  expect(learner.save()['slots.ema/head']!.data[0]).toBe(first + 0.25 * (trained - first));
  const block = makeBlock<Vec>({
    mode: 'evaluate',
    step: 0,
    micro: 0,
    gates: openGates(learner.blocks),
    algebra: learner.algebra,
    hook: undefined,
    recompute: () => false,
    seedOf: () => [0, 0],
  });
  const [plain, averaged] = [await learner.evaluate('dev', block, undefined), await learner.evaluate('dev', block, 'ema')];
  expect(plain['loss']).not.toBe(averaged['loss']);
  expect(learner.save()['weights/head']!.data[0]).toBe(trained);
  weights.restore('ema');
  expect(await learner.evaluate('dev', block, undefined)).toEqual(averaged);
});

test('save and load are exact, and a misfit changes nothing', async () => {
  const learner = residualMlp();
  await learner.update(await gradientsOf(learner), plan);
  learner.weights.copy('ema');
  const saved = learner.save();
  const other = residualMlp({ seed: 4 });
  other.weights.copy('old');
  other.load(saved);
  expect(other.save()).toEqual(saved);
  expect(other.weights.has('old')).toBe(false);
  await learner.update(await gradientsOf(learner), plan);
  expect(other.save()).toEqual(saved);

  const { 'weights/head': head, ...headless } = saved;
  const misfits: [Tensors, string][] = [
    [headless, "it has no tensor 'weights/head'"],
    [{ ...saved, 'weights/tail': head! }, "it has a tensor 'weights/tail', which the model has not"],
    [{ ...saved, 'weights/head': { ...head!, shape: [36] } }, "tensor 'weights/head' is [36] and should be [6,6]"],
    [residualMlp({ depth: 2 }).save(), "it has no tensor 'weights/block.2.a.in'"],
  ];
  for (const [tensors, words] of misfits) {
    expect(() => other.load(tensors)).toThrow(words);
    expect(() => other.load(tensors)).toThrow(expect.objectContaining({ code: 'HOOKLINE_CHECKPOINT_MODEL' }));
    expect(other.save()).toEqual(saved);
  }
});

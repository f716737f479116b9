import type { BlockInfo, UpdatePlan } from '@hookline/core';
import { openGates } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { createParameters } from '../learner/index.js';
import { createOptimizer } from './optimizer.js';
import type { OptimizerOptions } from './options.js';

const blocks: readonly BlockInfo[] = [
  { name: 'b0', branches: [], parameters: ['b0.weight', 'b0.bias'], cost: 1 },
  { name: 'b1', branches: ['p', 'q'], parameters: ['b1.p.weight', 'b1.q.weight'], branchParameters: { p: ['b1.p.weight'], q: ['b1.q.weight'] }, cost: 1 },
];
const names = ['stem.weight', 'b0.weight', 'b0.bias', 'b1.p.weight', 'b1.q.weight'];

/** The published formulas in float64, one number a parameter, written for reading. */
function plain(options: { readonly type: 'adamw' | 'lamb'; readonly trustAll?: boolean }) {
  const w = Object.fromEntries(names.map((name, i) => [name, 1 + i / 4]));
  const m = Object.fromEntries(names.map((name) => [name, 0]));
  const v = { ...m };
  const n = { ...m };
  return {
    w,
    n,
    step(gradients: Readonly<Record<string, number>>, rate: number, t?: number) {
      for (const [name, g] of Object.entries(gradients)) {
        n[name] = (n[name] as number) + 1;
        const count = t ?? (n[name] as number);
        const decay = name.endsWith('bias') ? 0 : 0.01;
        m[name] = 0.9 * (m[name] as number) + 0.1 * g;
        v[name] = 0.999 * (v[name] as number) + 0.001 * g * g;
        const direction = (m[name] as number) / (1 - 0.9 ** count) / (Math.sqrt((v[name] as number) / (1 - 0.999 ** count)) + 1e-6);
        const before = w[name] as number;
        if (options.type === 'adamw') w[name] = before * (1 - rate * decay) - rate * direction;
        else {
          const u = direction + decay * before;
          const trusts = options.trustAll || decay > 0;
          w[name] = before - rate * (trusts && u !== 0 && before !== 0 ? Math.abs(before) / Math.abs(u) : 1) * u;
        }
      }
    },
  };
}

function setUp(options: OptimizerOptions = { type: 'adamw' }) {
  const parameters = createParameters(Object.fromEntries(names.map((name, i) => [name, { shape: [1], data: Float32Array.of(1 + i / 4) }])));
  const optimizer = createOptimizer(parameters, blocks, options);
  const update = (gradients: Readonly<Record<string, number>>, plan: Partial<UpdatePlan> = {}) => {
    const given = new Map(Object.entries(gradients).map(([name, g]) => [name, { tensor: tf.tensor1d([2 * g]) as tf.Tensor, scale: 0.5 }]));
    const whole: UpdatePlan = {
      step: 0,
      learningRate: 0.1,
      rateScale: () => 1,
      gates: openGates(blocks),
      dropped: 'skip',
      counter: 'own',
      skip: false,
      ...plan,
    };
    optimizer.update(given, whole);
    for (const { tensor } of given.values()) tensor.dispose();
  };
  const value = (name: string) => parameters.get(name).dataSync()[0] as number;
  const free = () => {
    optimizer.dispose();
    parameters.dispose();
  };
  return { parameters, optimizer, update, value, free };
}

const closed = openGates(blocks).map((gate, i) => (i === 0 ? { ...gate, active: false } : gate));
const oneBranch = openGates(blocks).map((gate, i) => (i === 1 ? { ...gate, branches: { ...gate.branches, q: { active: false, gain: 1 } } } : gate));

describe.each(['cpu', 'wasm'] as const)('the optimizer on %s', (engine) => {
  beforeAll(async () => {
    await loadEngine(engine);
  });

  it.each([{ type: 'adamw' }, { type: 'lamb', trustAll: true }, { type: 'lamb', trustAll: false }] as const)(
    'keeps moments and counters with their parameter, whichever gradients come in whatever order: %o',
    (options) => {
      const gradient = fc.float({ min: -2, max: 2, noNaN: true }).map((g) => (Math.abs(g) < 1e-3 ? 0 : g)); // LAMB makes as much of numbers that float32 barely holds
      const steps = fc.array(fc.tuple(fc.shuffledSubarray(names), fc.array(gradient, { minLength: 5, maxLength: 5 })), { minLength: 1, maxLength: 12 });
      fc.assert(
        fc.property(steps, fc.constantFrom('own', 'global'), (sequence, counter) => {
          const { update, value, free, optimizer } = setUp(options);
          const expected = plain(options);
          for (const [step, [present, numbers]] of sequence.entries()) {
            const gradients = Object.fromEntries(present.map((name, i) => [name, numbers[i] as number]));
            update(gradients, { step, counter });
            expected.step(gradients, 0.1, counter === 'global' ? step + 1 : undefined);
          }
          for (const name of names) {
            expect(Math.abs(value(name) - (expected.w[name] as number)), name).toBeLessThan(2e-5);
            expect(optimizer.count(name)).toBe(expected.n[name]);
          }
          free();
        }),
        { numRuns: 40 },
      );
    },
  );

  it.each([
    ['skip', 1.25],
    ['decay', 1.25 * (1 - 0.1 * 0.01)],
  ] as const)("leaves a dropped block's moments and counter alone under '%s'", (dropped, weight) => {
    const { update, value, optimizer, free } = setUp();
    update({ 'stem.weight': 1 }, { gates: closed, dropped });
    expect(value('b0.weight')).toBeCloseTo(weight, 6);
    expect(value('b0.bias')).toBe(1.5); // no decay on biases
    expect(optimizer.count('b0.weight')).toBe(0);
    expect(value('b1.p.weight')).toBe(1.75); // its block ran: without a gradient it stands still
    free();
  });

  it("advances a dropped block's moments and counter under 'zeroGradient'", () => {
    const { update, value, optimizer, free } = setUp();
    const expected = plain({ type: 'adamw' });
    update({ 'b0.weight': 1, 'b0.bias': -1 });
    update({}, { gates: closed, dropped: 'zeroGradient' });
    expected.step({ 'b0.weight': 1, 'b0.bias': -1 }, 0.1);
    expected.step({ 'b0.weight': 0, 'b0.bias': 0 }, 0.1);
    for (const name of ['b0.weight', 'b0.bias']) {
      expect(value(name)).toBeCloseTo(expected.w[name] as number, 5);
      expect(optimizer.count(name)).toBe(2);
    }
    expect(optimizer.count('stem.weight')).toBe(0);
    free();
  });

  it('applies the policy to a closed branch of an open block', () => {
    const { update, value, free } = setUp();
    update({ 'b1.p.weight': 1 }, { gates: oneBranch, dropped: 'decay' });
    expect(value('b1.q.weight')).toBeCloseTo(2 * 0.999, 6);
    expect(value('b0.weight')).toBe(1.25);
    free();
  });

  it('freezes at rate scale 0, and scales the rate otherwise', () => {
    const { update, value, optimizer, free } = setUp();
    const expected = plain({ type: 'adamw' });
    update({ 'stem.weight': 1, 'b0.bias': 1 }, { rateScale: (name) => (name === 'stem.weight' ? 0 : 0.5) });
    expected.step({ 'b0.bias': 1 }, 0.05);
    expect(value('stem.weight')).toBe(1);
    expect(optimizer.count('stem.weight')).toBe(0);
    expect(value('b0.bias')).toBeCloseTo(expected.w['b0.bias'] as number, 6);
    free();
  });

  it('goes without bias correction when asked', () => {
    const { update, value, free } = setUp({ type: 'adamw', biasCorrection: false, weightDecay: 0 });
    update({ 'stem.weight': 2 });
    expect(value('stem.weight')).toBeCloseTo(1 - (0.1 * 0.2) / (Math.sqrt(0.004) + 1e-6), 5);
    free();
  });
});

it.each([
  [{ type: 'lion' }, /type/],
  [{ type: 'adamw', betas: [0.9, 1] }, /betas\[1\]/],
  [{ type: 'adamw', weigthDecay: 0.1 }, /weigthDecay/],
  [{ type: 'adamw', noDecay: 'bias' }, /noDecay/],
])('refuses %o', (options, message) => {
  const parameters = createParameters({});
  expect(() => createOptimizer(parameters, [], options as unknown as OptimizerOptions)).toThrow(message);
});

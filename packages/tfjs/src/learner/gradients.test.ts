import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { withGradient } from '../ops/index.js';
import { gatesWith, gradientsOf, instead, lossOf, type MlpLearner, mlp, planOf, rowsOf } from './fixtures/mlp.js';

describe.each(['cpu', 'wasm'] as const)('gradients on %s', (engine) => {
  let learner: MlpLearner;
  beforeAll(async () => {
    await loadEngine(engine);
  });
  beforeEach(() => {
    learner = mlp({ depth: 2 });
  });
  afterEach(() => learner.dispose());
  const batch = rowsOf(0, 6, 6);
  const all = (of: ReturnType<typeof gradientsOf>): number[] => of.names.flatMap((name) => [...of.values(name)]);
  const l2 = (numbers: readonly number[]): number => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));

  it('have the norm of their numbers, of all and of one', () => {
    const handle = gradientsOf(learner, batch);
    expect(handle.norm()).toBeCloseTo(l2(all(handle)), 4);
    expect(handle.norm('stem.weight')).toBeCloseTo(l2([...handle.values('stem.weight')]), 4);
    expect(handle.names).toHaveLength(14);
  });

  it('clip by norm as PyTorch does: times min(1, limit / (norm + 1e-6))', () => {
    const handle = gradientsOf(learner, batch);
    const norm = handle.norm();
    const clipped = handle.clipNorm(0.5);
    const factor = 0.5 / (norm + 1e-6);
    expect(clipped.values('stem.bias')[1]).toBeCloseTo((handle.values('stem.bias')[1] as number) * factor, 6);
    expect(clipped.norm()).toBeCloseTo(0.5, 5);
    expect(all(handle.clipNorm(norm * 2))).toEqual(all(handle));
    expect(
      handle
        .scale(1e-6 / norm)
        .clipNorm(1e-6)
        .norm(),
    ).toBeCloseTo(0.5e-6, 9);
  });

  it('do each verb at its place in the order', () => {
    const handle = gradientsOf(learner, batch);
    const one = (of: typeof handle) => of.values('stem.weight')[3] as number;
    const raw = one(handle);
    expect(one(handle.scale(2))).toBeCloseTo(2 * raw, 5);
    expect(one(handle.scale(2, (name) => name !== 'stem.weight'))).toBe(raw);
    expect(one(handle.map((gradient, name) => tf.add(gradient, name.length)))).toBeCloseTo(raw + 11, 4);
    expect(one(handle.scale(3).clipValue(0.01))).toBeCloseTo(Math.sign(raw) * 0.01, 6);
    expect(one(handle.clipValue(0.01).scale(3))).toBeCloseTo(Math.sign(raw) * 0.03, 6);
    expect(one(handle.scale(2).map((gradient) => tf.square(gradient)))).toBeCloseTo(4 * raw * raw, 2);
    expect(one(handle.clipNorm(1).scale(10))).toBeCloseTo((10 * raw) / handle.norm(), 5);
    const replaced = handle.scale(5).replace({ 'stem.weight': new Float64Array(36).fill(0.25) });
    expect(one(replaced)).toBe(0.25);
    expect(replaced.norm('stem.weight')).toBeCloseTo(1.5, 6);
    expect(handle.map((gradient) => gradient).values('stem.bias')).toEqual(handle.values('stem.bias'));
  });

  it('reach the optimizer as the verbs left them', async () => {
    const twin = mlp({ depth: 2 });
    await learner.update(gradientsOf(learner, batch).scale(0.5).clipValue(0.02).clipNorm(0.01), planOf(learner));
    const handle = gradientsOf(twin, batch);
    const halved = handle.names.map((name) => [name, Float64Array.from(handle.values(name), (x) => Math.max(-0.02, Math.min(0.02, x / 2)))] as const);
    const factor = Math.min(1, 0.01 / (l2(halved.flatMap(([, data]) => [...data])) + 1e-6));
    await twin.update(handle.replace(Object.fromEntries(halved.map(([name, data]) => [name, data.map((x) => x * factor)]))), planOf(twin));
    expect(await lossOf(learner, batch)).toBeCloseTo(await lossOf(twin, batch), 5);
    twin.dispose();
  });

  it('report losses and norm as they were before any verb, in an update or in a skipped one', async () => {
    const handle = gradientsOf(learner, batch);
    const norm = handle.norm();
    const before = learner.save();
    const report = await learner.update(handle.scale(0).clipNorm(1), planOf(learner, { skip: true }));
    expect(report.gradientNorm).toBe(norm);
    expect(Object.keys(report.losses)).toEqual(['square', 'first']);
    expect(learner.save()).toEqual(before);
  });

  it('of micro-batches add up to those of one batch, each objective by its own count', async () => {
    const parts = [rowsOf(1, 2, 6), rowsOf(2, 5, 6)] as const;
    const join = (a: Float32Array, b: Float32Array) => Float32Array.of(...a, ...b);
    const whole = { x: join(parts[0].x, parts[1].x), y: join(parts[0].y, parts[1].y), rows: 7 };
    const counts = learner.data.counts(whole);
    const one = gradientsOf(learner, whole);
    const many = gradientsOf(learner, parts[1], {}, gradientsOf(learner, parts[0], {}, undefined, counts), counts);
    for (const name of one.names) for (const [i, x] of one.values(name).entries()) expect(many.values(name)[i]).toBeCloseTo(x, 4);
    const [a, b] = [await learner.update(one, planOf(learner, { skip: true })), await learner.update(many, planOf(learner, { skip: true }))];
    expect(b.losses['square']).toBeCloseTo(a.losses['square'] as number, 5);
    expect(b.losses['first']).toBeCloseTo(a.losses['first'] as number, 5);
  });

  it('take nothing from an objective without items', async () => {
    const handle = gradientsOf(learner, batch, {}, undefined, { square: 36, first: 0 });
    const { losses } = await learner.update(handle, planOf(learner, { skip: true }));
    expect(losses['first']).toBe(0);
    expect(losses['square']).toBeGreaterThan(0);
  });

  it('are there for a parameter that took part in any micro-batch', async () => {
    const first = gradientsOf(learner, batch, { gates: gatesWith(learner, (i) => i === 0) });
    const second = gradientsOf(learner, batch, { gates: gatesWith(learner, (i) => i === 1) }, first);
    expect(second.names).toHaveLength(14);
  });

  it('are a typed error where they cannot be used', async () => {
    const handle = gradientsOf(learner, batch, { gates: gatesWith(learner, (i) => i === 0) });
    const refusal = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });
    expect(() => handle.values('block.1.a.in.weight')).toThrow(refusal('HOOKLINE_GRADIENTS', /'block.1.a.in.weight' has no gradient/));
    expect(() => handle.replace({ nope: new Float32Array(1) }).norm()).toThrow(refusal('HOOKLINE_GRADIENTS', /'nope', which is no parameter/));
    expect(() => handle.replace({ 'stem.bias': new Float32Array(1) }).norm()).toThrow(refusal('HOOKLINE_GRADIENTS', /1 numbers instead of 6/));
    expect(() => handle.map((gradient) => tf.sum(gradient)).norm()).toThrow(refusal('HOOKLINE_GRADIENTS', /shape \[\] instead of \[6,6\]/));
    expect(() => gradientsOf(learner, batch, {}, handle.scale(2))).toThrow(refusal('HOOKLINE_GRADIENTS', /cannot be added to/));
    const more = gradientsOf(learner, batch, {}, handle);
    expect(() => handle.norm()).toThrow(refusal('HOOKLINE_GRADIENTS', /stale/));
    await learner.update(more, planOf(learner));
    for (const use of [() => more.norm(), () => more.values('stem.bias'), () => more.scale(2), () => learner.update(more, planOf(learner))]) {
      expect(use).toThrow(refusal('HOOKLINE_GRADIENTS', /gone/));
    }
    expect(() => learner.update({ ...more, names: [] }, planOf(learner))).toThrow(refusal('HOOKLINE_GRADIENTS', /not made by/));
    expect(() => learner.gradients(batch, instead(tf.neg), { square: 1 }, undefined)).toThrow(refusal('HOOKLINE_OBJECTIVE', /'first' has no item count/));
  });

  it('survive NaN, which the losses tell', async () => {
    const broken = { ...batch, x: batch.x.map(() => Number.NaN) };
    const report = await learner.update(gradientsOf(learner, broken).clipNorm(1), planOf(learner, { skip: true }));
    expect(report.losses['square']).toBeNaN();
    expect(report.gradientNorm).toBeNaN();
  });

  it('leave no tensor behind when the forward or the backward pass throws', () => {
    const { numTensors } = tf.memory();
    const fail = (): never => {
      throw new Error('from inside');
    };
    const counts = { square: 1, first: 1 };
    const failing = instead((x) => {
      tf.tanh(x);
      return fail();
    });
    expect(() => learner.gradients(batch, failing, counts, undefined)).toThrow('from inside');
    const failingBackward = instead((x) =>
      withGradient([x], (save) => {
        save(x);
        return { value: tf.tanh(x), gradient: fail };
      }),
    );
    expect(() => learner.gradients(batch, failingBackward, counts, undefined)).toThrow('from inside');
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { corrections } from './adamw.js';
import { hostOps, prepareHostOps } from './host-ops.js';
import type { ParameterOps } from './parameter-ops.js';
import { tensorOps } from './tensor-ops.js';

const close = (tensor: tf.Tensor, expected: readonly number[], digits = 6) => {
  const got = tensor.dataSync();
  expect(got.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(got[i]).toBeCloseTo(x, digits);
};

describe.each([
  ['cpu', 'loops', hostOps],
  ['wasm', 'loops', hostOps],
  ['cpu', 'ops', tensorOps],
  ['wasm', 'ops', tensorOps],
] as const)('on %s, by %s', (engine, _form, ops: ParameterOps) => {
  beforeAll(async () => {
    await loadEngine(engine);
    expect(prepareHostOps()).toBe(true);
  });

  it('AdamW gives the numbers of two steps worked out by hand', () => {
    // w = [1, -2], g = [0.5, -1] then [0.25, 1]; β = 0.9, 0.999; ε = 1e-6; rate 0.1, decay 0.01; gradients halved.
    let at = { w: tf.tensor1d([1, -2]) as tf.Tensor, m: tf.zeros([2]) as tf.Tensor, v: tf.zeros([2]) as tf.Tensor };
    const step = (g: number[], t: number) => {
      const { first, rootScale } = corrections(0.9, 0.999, t, true);
      at = ops.adamw(
        { ...at, g: tf.tensor1d(g) },
        { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, keep: 1 - 0.1 * 0.01, stepSize: 0.1 * first, rootScale, epsilon: 1e-6 },
      );
    };
    step([0.5, -1], 1); // m̂ = g, sqrt(v̂) = |g|: w = 0.999 w − 0.1 sign(g), up to ε
    close(at.w, [0.8990004, -1.8980002]);
    close(at.m, [0.025, -0.05], 8);
    close(at.v, [0.0000625, 0.00025], 9);
    step([0.25, 1], 2);
    // m = [0.035, 0.005], v = [7.80625e-5, 4.9975e-4]; m̂ = m/0.19, v̂ = v/0.001999
    close(at.m, [0.035, 0.005], 8);
    close(at.v, [7.80625e-5, 4.9975e-4], 9);
    close(at.w, [0.999 * 0.8990004 - (0.1 * 0.035) / 0.19 / (0.197613 + 1e-6), 0.999 * -1.8980002 - (0.1 * 0.005) / 0.19 / (0.5 + 1e-6)], 5);
  });

  it('AdamW adds epsilon outside the root', () => {
    const at = { w: tf.tensor1d([1]), g: tf.tensor1d([2]), m: tf.zeros([1]), v: tf.zeros([1]) };
    const { w } = ops.adamw(at, { gradientScale: 1, beta1: 0, beta2: 0.75, keep: 1, stepSize: 0.5, rootScale: 2, epsilon: 1 });
    close(w, [1 - (0.5 * 2) / (2 + 1)]); // v = 1, sqrt(v) · 2 + 1 = 3
  });

  it('LAMB gives the numbers of a step worked out by hand', () => {
    const run = (trust: boolean, weightDecay: number, w: number[]) =>
      ops.lamb(
        { w: tf.tensor1d(w), g: tf.tensor1d([2, -2]), m: tf.zeros([2]), v: tf.zeros([2]) },
        { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, firstScale: 10, rootScale: 1 / Math.sqrt(0.001), epsilon: 1e-6, weightDecay, rate: 0.1, trust },
      );
    // u = sign(g) + 0.1 w = [1.3, -0.6]; |w| = 5, |u| = sqrt(2.05)
    const ratio = 5 / Math.sqrt(2.05);
    close(run(true, 0.1, [3, 4]).w, [3 - 0.1 * ratio * 1.3, 4 + 0.1 * ratio * 0.6], 5);
    close(run(false, 0.1, [3, 4]).w, [3 - 0.13, 4 + 0.06], 5);
    close(run(true, 0, [3, 4]).w, [3 - (0.1 * 5) / Math.SQRT2, 4 + (0.1 * 5) / Math.SQRT2], 5);
    close(run(true, 0, [0, 0]).w, [-0.1, 0.1], 5); // ratio 1 where a norm is 0
    close(run(true, 0.1, [3, 4]).m, [0.1, -0.1], 6);
    close(run(true, 0.1, [3, 4]).v, [0.001, 0.001], 8);
  });

  it('decays, moves between weights and measures', () => {
    close(ops.decay(tf.tensor1d([1, -4]), 0.75), [0.75, -3]);
    close(ops.lerp(tf.tensor1d([0, 1]), tf.tensor1d([1, 3]), 0.25), [0.25, 1.5]);
    const read = ops.measure([tf.tensor1d([3, 4, 0, 0, 1]), tf.tensor2d([[2, -2]])], [tf.scalar(7)]);
    expect([...read.squares, ...read.scalars]).toEqual([26, 8, 7]);
    expect(ops.measure([], [])).toEqual({ squares: [], scalars: [] });
  });

  it('never writes over weights or slots, of which packed copies may exist', () => {
    const w = tf.tensor2d([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    const g = tf.onesLike(w);
    const kept = { gradientScale: 1, beta1: 0.9, beta2: 0.999, rootScale: 1, epsilon: 1e-6 };
    const made = [
      ops.adamw({ w, g, m: tf.zerosLike(w), v: tf.zerosLike(w) }, { ...kept, keep: 1, stepSize: 1 }).w,
      ops.lamb({ w, g, m: tf.zerosLike(w), v: tf.zerosLike(w) }, { ...kept, firstScale: 1, weightDecay: 0, rate: 1, trust: true }).w,
      ops.decay(w, 0.5),
      ops.lerp(w, g, 0.5),
    ];
    for (const tensor of made) {
      expect(tensor.dataId).not.toBe(w.dataId);
      expect(tensor.shape).toEqual([2, 2]);
    }
    expect([...w.dataSync()]).toEqual([1, 2, 3, 4]);
  });
});

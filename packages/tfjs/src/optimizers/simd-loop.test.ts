import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { adamwArrays } from './adamw.js';
import { hostView } from './host.js';
import { lambArrays } from './lamb.js';
import { adamwLoop, type Five, lambLoop, lerpLoop } from './loops.js';
import { add, div, mul, simdLoop, sqrt, sub } from './simd-loop.js';

describe('a loop assembled for a memory', () => {
  it('computes each lane by itself, over any number of vectors', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const floats = new Float32Array(memory.buffer);
    floats.set([1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144], 4);
    // out = (sqrt(x) · a + b) / b − a, with a temporary
    const loop = simdLoop(memory, { arrays: 2, numbers: 2, temporaries: 1 }, ({ load, store, number, get, set }) => [
      set(0, add(mul(sqrt(load(0)), number(0)), number(1))),
      store(1, sub(div(get(0), number(1)), number(0))),
    ]);
    loop([16, 400], 12, [3, 2]);
    expect([...floats.slice(100, 112)]).toEqual(Array.from({ length: 12 }, (_, i) => ((i + 1) * 3 + 2) / 2 - 3));
    expect(floats[112]).toBe(0);
    loop([16, 400], 0, [0, 0]);
    expect(floats[100]).toBe(-0.5);
  });

  it('has room for more code than one byte of length says', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const floats = new Float32Array(memory.buffer);
    const loop = simdLoop(memory, { arrays: 1, numbers: 1, temporaries: 0 }, ({ load, store, number }) =>
      Array.from({ length: 2000 }, () => store(0, add(load(0), number(0)))),
    );
    loop([0], 4, [1]);
    expect([...floats.slice(0, 5)]).toEqual([2000, 2000, 2000, 2000, 0]);
  });
});

describe('the optimizers in SIMD', () => {
  beforeAll(async () => {
    await loadEngine('wasm');
  });

  it('agree with the loops in JavaScript to float32, for arrays of any length', () => {
    const number = fc.float({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number, number), { minLength: 1, maxLength: 11 }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        (rows, gradientScale) => {
          const column = (i: number) => Float32Array.from(rows, (row) => (i === 3 ? Math.abs(row[i] as number) : (row[i] as number)));
          const step = { gradientScale, beta1: 0.9, beta2: 0.999, keep: 0.9995, stepSize: 0.05, rootScale: 1.5, epsilon: 1e-6 };
          const fresh = () => [column(0), column(1), column(2), column(3), new Float32Array(rows.length)] as Five;
          const lambStep = { ...step, firstScale: 2, weightDecay: 0.01, rate: 0.05, trust: true };
          const length = (x: Float32Array) => Math.hypot(...x);
          const plain: Readonly<Record<string, (arrays: Five) => void>> = {
            adamw: (arrays) => adamwArrays(...arrays, step),
            lamb([w, g, m, v, out]) {
              lambArrays(w, g, m, v, out, lambStep);
              const ratio = length(w) > 0 && length(out) > 0 ? length(w) / length(out) : 1;
              out.set(out.map((u, i) => (w[i] as number) - 0.05 * ratio * u));
            },
            lerp: ([w, g, , , out]) => out.set(w.map((x, i) => x + 0.3 * ((g[i] as number) - x))),
          };
          const fast: typeof plain = {
            adamw: (arrays) => adamwLoop(arrays, step),
            lamb: (arrays) => lambLoop(arrays, lambStep),
            lerp: ([w, g, , , out]) => lerpLoop([w, g, out], 0.3),
          };
          for (const [name, run] of Object.entries(plain)) {
            const expected = fresh();
            run(expected);
            const tensors = fresh().map((data) => tf.tensor1d(data));
            const views = tensors.map((tensor) => (hostView() as (tensor: tf.Tensor) => Float32Array)(tensor)) as unknown as Five;
            fast[name]?.(views);
            for (const [k, view] of views.entries()) {
              for (const [i, x] of (expected[k] as Float32Array).entries())
                expect(Math.abs((view[i] as number) - x), name).toBeLessThan(3e-6 * (1 + Math.abs(x)));
            }
            tf.dispose(tensors);
          }
        },
      ),
    );
  });

  it('are in use on wasm', () => {
    const view = hostView() as (tensor: tf.Tensor) => Float32Array;
    const tensors = [1, 2, 3, 4, 5].map((key) => tf.tensor1d(Float32Array.from({ length: 400 }, (_, i) => Math.abs(Math.sin(i * key)))));
    const arrays = tensors.map(view) as unknown as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
    const step = { gradientScale: 1 / 3, beta1: 0.9, beta2: 0.999, keep: 0.9995, stepSize: 0.05, rootScale: 1.5, epsilon: 1e-6 };
    const inFloat64 = arrays.map((array) => array.slice()) as typeof arrays;
    adamwArrays(...inFloat64, step);
    adamwLoop(arrays, step);
    expect(arrays).not.toEqual(inFloat64); // other rounding: float32 throughout
  });
});

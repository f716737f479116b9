import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compileStatistics } from '../compile/index.js';
import { loadEngine } from '../engines/index.js';
import { type AdamWStep, corrections } from './adamw.js';
import { byParameter } from './by-parameter.js';
import type { LambStep } from './lamb.js';
import { tensorOps } from './tensor-ops.js';
import { createUpdateOps, type GroupPass, type Shape, type Update, type UpdateOps } from './update-ops.js';

let ops: UpdateOps;
beforeAll(async () => {
  await loadEngine('native');
  ops = createUpdateOps();
});
afterAll(() => {
  ops.free();
  expect(compileStatistics().graphs).toBe(0);
});

let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(tensors);
});

const plain = byParameter(() => tensorOps);

/** Numbers without a pattern, the same for the same key. */
const noise = (key: number, shape: Shape, scale = 1): tf.Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => scale * Math.sin((key + 1) * 12.9898 + (i + 1) * 78.233 + i * i)),
    [...shape],
  );
};

const numbersAt = (t: number, place: number) => {
  const { first, rootScale } = corrections(0.9, 0.999, t, place % 2 === 0);
  return { gradientScale: 1 / (1 + place), beta1: 0.9, beta2: 0.999, first, rootScale, epsilon: 1e-6 };
};
const adamwAt = (t: number, place: number): AdamWStep => {
  const { first, ...rest } = numbersAt(t, place);
  return { ...rest, keep: 1 - 1e-3 * place, stepSize: 1e-2 * first };
};
const lambAt = (t: number, place: number): LambStep => {
  const { first, ...rest } = numbersAt(t, place);
  return { ...rest, firstScale: first, weightDecay: 0.01 * place, rate: 1e-2, trust: place !== 1 };
};

/** A pass driven over parameters that start from the same numbers each time. */
function drive<Step>(pass: GroupPass<Step>, shapes: readonly Shape[], stepAt: (t: number, place: number) => Step) {
  const weights = shapes.map((shape, place) => noise(place, shape));
  const counts = shapes.map(() => 0);
  return {
    weights,
    step(key: number, places = shapes.map((_, place) => place)) {
      const updates = places.map((place): Update<Step> => {
        const t = (counts[place] as number) + 1;
        counts[place] = t;
        return { place, w: weights[place] as tf.Tensor, g: noise(1000 * key + place, shapes[place] as Shape, 0.1 * (place + 1)), step: stepAt(t, place) };
      });
      const next = pass.update(updates);
      for (const [i, place] of places.entries()) weights[place] = next[i] as tf.Tensor;
      tf.dispose(updates.map(({ g }) => g));
    },
  };
}

const optimizers = [
  ['AdamW', (of: UpdateOps, shapes: readonly Shape[]) => of.adamw(shapes), adamwAt],
  ['LAMB', (of: UpdateOps, shapes: readonly Shape[]) => of.lamb(shapes), lambAt],
] as readonly (readonly [
  string,
  (of: UpdateOps, shapes: readonly Shape[]) => GroupPass<AdamWStep | LambStep>,
  (t: number, place: number) => AdamWStep | LambStep,
])[];

describe.each(optimizers)('%s in a graph', (_, passOf, stepAt) => {
  it('computes what the ops compute one by one, for any shapes and whichever parameters take part', () => {
    const shape = fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }));
    const shapes = fc.array(shape, { minLength: 1, maxLength: 4 });
    const parts = fc.array(fc.tuple(fc.boolean(), fc.subarray([0, 1, 2, 3], { minLength: 1 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(shapes, parts, (sizes, sequence) => {
        tf.tidy(() => {
          const outcome = (of: UpdateOps) => {
            const pass = passOf(of, sizes);
            const run = drive(pass, sizes, stepAt);
            for (const [key, [whole, places]] of sequence.entries()) run.step(key, whole ? undefined : places.filter((place) => place < sizes.length));
            const moments = pass.read();
            pass.dispose();
            return { weights: run.weights.map((w) => w.dataSync()), moments };
          };
          const ours = outcome(ops);
          const { weights, moments } = outcome(plain);
          const near = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number) => {
            for (let i = 0; i < b.length; i++)
              expect(Math.abs((a[i] as number) - (b[i] as number))).toBeLessThan(tolerance * (1e-3 + Math.abs(b[i] as number)));
          };
          for (const [i, w] of weights.entries()) near(ours.weights[i] as ArrayLike<number>, w, 5e-6);
          for (const [i, { m, v }] of moments.entries()) {
            near(ours.moments[i]?.m as Float32Array, m, 2e-5);
            near(ours.moments[i]?.v as Float32Array, v, 2e-5);
          }
        });
      }),
      { numRuns: 15 },
    );
  });

  const shapes: readonly Shape[] = [[130, 77], [77], [], [3, 1, 5]];

  it('gives the same bits in each run, and goes on from moments that were read', () => {
    const bits = (interrupted: boolean) => {
      let pass = passOf(ops, shapes);
      const run = drive({ ...pass, update: (updates) => pass.update(updates) }, shapes, stepAt);
      for (let key = 0; key < 6; key++) {
        if (interrupted && key === 3) {
          const saved = pass.read();
          pass.dispose();
          pass = passOf(ops, shapes);
          pass.write(saved);
        }
        run.step(key, key % 2 === 0 ? undefined : [1, 3]);
      }
      const moments = pass.read();
      pass.dispose();
      return { weights: run.weights.map((w) => [...w.dataSync()]), moments };
    };
    const once = bits(false);
    expect(bits(false)).toEqual(once);
    expect(bits(true)).toEqual(once);
  });

  it('changes neither weights that somebody holds nor moments that were read', () => {
    const pass = passOf(ops, shapes);
    const run = drive(pass, shapes, stepAt);
    run.step(0);
    const held = run.weights.map((w) => ({ w, clone: tf.clone(w), numbers: [...w.dataSync()] }));
    const moments = pass.read();
    const before = moments.map(({ m, v }) => [[...m], [...v]]);
    run.step(1);
    run.step(2, [0]);
    for (const { w, clone, numbers } of held) {
      expect([...w.dataSync()]).toEqual(numbers);
      expect([...clone.dataSync()]).toEqual(numbers);
    }
    expect(moments.map(({ m, v }) => [[...m], [...v]])).toEqual(before);
    expect([...(pass.read()[0]?.m ?? [])]).not.toEqual(before[0]?.[0]);
    pass.dispose();
  });

  it('has moments of zero at first', () => {
    const pass = passOf(ops, [[2], []]);
    const zeros = [
      { m: new Float32Array(2), v: new Float32Array(2) },
      { m: new Float32Array(1), v: new Float32Array(1) },
    ];
    expect(pass.read()).toEqual(zeros);
    pass.dispose();
  });

  it('keeps tensors and graphs flat, whoever takes part', () => {
    const pass = passOf(ops, shapes);
    const run = drive(pass, shapes, stepAt);
    run.step(0);
    const kept = { tensors: tf.memory().numTensors, graphs: compileStatistics().graphs };
    for (let key = 1; key < 40; key++) {
      const old = [...run.weights];
      run.step(
        key,
        shapes.map((_, place) => place).filter((place) => (key >> place) % 2 === 1),
      );
      for (const [i, w] of old.entries()) if (w !== run.weights[i]) w.dispose();
    }
    expect({ tensors: tf.memory().numTensors, graphs: compileStatistics().graphs }).toEqual(kept);
    pass.dispose();
    expect(compileStatistics().graphs).toBe(kept.graphs - 1);
  });
});

describe('the rest of a step in graphs', () => {
  it('decays and moves between weights', () => {
    const [a, b] = [tf.tensor1d([1, -4, 8]), tf.scalar(3)];
    for (let call = 0; call < 2; call++) {
      expect(ops.decay([a, b], [0.75, 0.5]).map((x) => [...x.dataSync()])).toEqual([[0.75, -3, 6], [1.5]]);
      expect(ops.lerp([a, b], [tf.tensor1d([3, 0, 0]), tf.scalar(1)], 0.25).map((x) => [...x.dataSync()])).toEqual([[1.5, -3, 6], [2.5]]);
      expect(ops.add([a, b], [tf.tensor1d([3, 0, 0.5]), tf.scalar(1)]).map((x) => [...x.dataSync()])).toEqual([[4, -4, 8.5], [4]]);
    }
    expect(ops.decay([a], [1])[0]?.dataId).not.toBe(a.dataId);
  });

  it('measures sums of squares and reads numbers, of any shapes, with few graphs', () => {
    const graphs = compileStatistics().graphs;
    for (let i = 1; i < 50; i++) {
      const read = ops.measure([[tf.tensor1d([3, 4, 0, 0, 1]), tf.tensor2d([[2, -2]])], [], [tf.ones([i]), tf.scalar(-3)]], [tf.scalar(7)]);
      expect(read).toEqual({ squares: [[26, 8], [], [i, 9]], scalars: [7] });
    }
    expect(compileStatistics().graphs - graphs).toBeLessThanOrEqual(32);
    expect(ops.measure([], [])).toEqual({ squares: [], scalars: [] });
  });

  it('says so when the engine was changed under an optimizer', async () => {
    const pass = ops.adamw([[1]]);
    await loadEngine('cpu');
    const update = { place: 0, w: tf.tensor1d([1]), g: tf.tensor1d([1]), step: adamwAt(1, 0) };
    expect(() => pass.update([update])).toThrow(/engine is 'cpu'/);
    await loadEngine('native');
    expect(() => pass.dispose()).not.toThrow();
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { kernelCounts } from '../kernels.js';
import { differentiate } from '../learner/tape.js';
import { compile, compileStatistics, describeCompiled, freeCompiled, onReplay, type ReplayTime, timeOps } from './index.js';

beforeAll(async () => {
  await loadEngine('native');
});

let warnings: string[] = [];
const made: ((...args: never[]) => unknown)[] = [];

/** Compiles with warnings noted, to be freed after the test. */
function quick<A extends readonly unknown[], R>(fn: (...args: A) => R, more: { readonly limit?: number; readonly name?: string } = {}): (...args: A) => R {
  const fast = compile(fn, { name: 'test', warn: (line) => void warnings.push(line), ...more });
  made.push(fast as (...args: never[]) => unknown);
  return fast;
}

const counted = () => ({ tensors: tf.memory().numTensors, data: tf.memory().numDataBuffers });
let before: ReturnType<typeof counted>;
beforeEach(() => {
  warnings = [];
  before = counted();
  tf.engine().startScope();
});
afterEach(() => {
  for (const fast of made.splice(0)) freeCompiled(fast);
  tf.engine().endScope();
  expect(counted()).toEqual(before);
  expect(compileStatistics().graphs).toBe(0);
});

const numbers = (n: number, step = 0.37) => Float32Array.from({ length: n }, (_, i) => Math.sin(1 + step * i));
const matrix = (rows: number, columns: number, step?: number) => tf.tensor2d(numbers(rows * columns, step), [rows, columns]);
const list = (x: tf.Tensor) => [...x.dataSync()];
const recorded = () => compileStatistics().recorded;
const replays = () => compileStatistics().replays;

function close(actual: tf.Tensor, expected: tf.Tensor, digits = 5): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  const [a, b] = [list(actual), list(expected)];
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] as number, digits);
}

type Ops = (...xs: tf.Tensor[]) => tf.Tensor;

/** Compares values and gradients, recorded and replayed, with the function run op by op. */
function same(fn: Ops, args: readonly tf.Tensor[], fast = quick(fn)): void {
  const was = replays();
  const scalar =
    (f: Ops) =>
    (...xs: tf.Tensor[]) =>
      tf.sum(tf.square(f(...xs)));
  for (let call = 0; call < 2; call++) {
    close(fast(...args), fn(...args));
    const ours = tf.valueAndGrads(scalar(fast))([...args]);
    const plain = tf.valueAndGrads(scalar(fn))([...args]);
    close(ours.value, plain.value, 4);
    for (const [i, gradient] of ours.grads.entries()) close(gradient, plain.grads[i] as tf.Tensor, 4);
  }
  expect(warnings).toEqual([]);
  expect(replays() - was).toBe(4);
}

const dense: Ops = (x, w, b) => tf.tidy(() => tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b as tf.Tensor)));

describe('a compiled function', () => {
  it('answers what the function answers, with its gradients, recorded once for each combination of shapes', () => {
    const fast = quick(dense);
    const was = recorded();
    for (const rows of [3, 7, 3, 7]) same(dense, [matrix(rows, 4), matrix(4, 5, 0.7), tf.tensor1d(numbers(5, 0.2))], fast);
    expect(recorded()).toBe(was + 2);
  });

  const x = () => matrix(6, 8);
  const cases: Readonly<Record<string, readonly [Ops, () => tf.Tensor[]]>> = {
    'sums and products': [
      (a, b) => tf.matMul(tf.softmax(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true)), b as tf.Tensor2D),
      () => [x(), matrix(6, 8, 0.9)],
    ],
    'slices, pads and concatenations': [
      (a) =>
        tf.concat(
          [
            tf.slice(a, [0, 0], [2, 3]),
            tf.pad(tf.slice(a, [1, 1], [2, 2]), [
              [0, 0],
              [0, 1],
            ]),
          ],
          0,
        ),
      () => [x()],
    ],
    gathers: [(a) => tf.gather(a, tf.tensor1d([0, 5, 0], 'int32')), () => [x()]],
    'batch normalization': [
      (a) => {
        const { mean, variance } = tf.moments(a, 0);
        return tf.batchNorm(a, mean, variance, tf.zeros([8]), tf.ones([8]));
      },
      () => [x()],
    ],
    convolutions: [
      (a, f) => tf.maxPool(tf.conv2d(tf.reshape(a, [1, 6, 8, 1]) as tf.Tensor4D, f as tf.Tensor4D, 1, 'same'), 2, 2, 'valid'),
      () => [x(), tf.tensor4d(numbers(18), [3, 3, 1, 2])],
    ],
    'transposes and several outputs inside': [
      (a) => {
        const [p, q] = tf.split(tf.matMul(a as tf.Tensor2D, a as tf.Tensor2D, false, true), 2, 1) as [tf.Tensor, tf.Tensor];
        return tf.add(tf.transpose(p), tf.norm(q));
      },
      () => [x()],
    ],
    selections: [
      (a) =>
        tf.where(
          tf.greater(
            tf.tensor2d(
              new Array(48).fill(0).map((_, i) => i % 2),
              [6, 8],
            ),
            0.2,
          ),
          tf.exp(a),
          tf.zerosLike(a),
        ),
      () => [x()],
    ],
    'cumulative sums and leaky relus': [(a) => tf.leakyRelu(tf.cumsum(tf.clipByValue(tf.pow(a, 2), 0, 0.8), 1)), () => [x()]],
    'bias gradients and single products': [
      (a, w, b) => tf.relu(tf.add(tf.matMul(a as tf.Tensor2D, w as tf.Tensor2D, true, false), b)),
      () => [x(), matrix(6, 3), tf.tensor1d([0.1, 0.2, 0.3])],
    ],
    'an argument as answer': [(a) => a, () => [x()]],
    scalars: [(a, g) => tf.mul(a, g), () => [x(), tf.scalar(0.25)]],
  };
  it.each(Object.keys(cases))('replays %s', (name) => {
    const [fn, args] = cases[name] as (typeof cases)[string];
    same(fn, args());
  });

  it('takes and gives arrays, objects, int32 and bool', () => {
    const fn = ({ logits, labels }: { logits: tf.Tensor2D; labels: tf.Tensor1D }, [keep]: readonly [tf.Tensor], scale: number) => ({
      scaled: tf.where(keep, tf.mul(logits, scale), tf.zerosLike(logits)),
      more: [tf.equal(tf.argMax(logits, 1), labels), tf.argMax(logits, 1)] as const,
      scale,
    });
    const fast = quick(fn);
    const keep = tf.tensor2d([1, 0, 1, 1, 0, 1], [2, 3], 'bool');
    for (const [values, labels, scale] of [
      [[1, 2, 3, 6, 5, 4], [2, 1], 2],
      [[9, 2, 3, 6, 5, 7], [0, 2], 2],
      [[9, 2, 3, 6, 5, 7], [0, 0], 3],
    ] as const) {
      const args = [{ logits: tf.tensor2d([...values], [2, 3]), labels: tf.tensor1d([...labels], 'int32') }, [keep], scale] as const;
      const ours = fast(...args);
      const plain = fn(...args);
      close(ours.scaled, plain.scaled);
      for (const i of [0, 1] as const) close(ours.more[i], plain.more[i]);
      expect(ours.scale).toBe(scale);
    }
    expect(compileStatistics().functions[0]?.recorded).toBe(2);
    expect(warnings).toEqual([]);
  });

  it('differentiates through several outputs, one of them unused, one given twice', () => {
    const fn = (a: tf.Tensor, b: tf.Tensor) => {
      const product = tf.mul(a, b);
      return [product, tf.exp(a), product, tf.cast(tf.round(b), 'int32')] as const;
    };
    const fast = quick(fn);
    const loss = (f: typeof fn) => (a: tf.Tensor, b: tf.Tensor) => {
      const [p, , q] = f(a, b);
      return tf.add(tf.sum(tf.square(p)), tf.sum(q));
    };
    const args = [matrix(2, 3), matrix(2, 3, 0.9)];
    const ours = tf.grads(loss(fast))(args);
    const plain = tf.grads(loss(fn))(args);
    for (const i of [0, 1]) close(ours[i] as tf.Tensor, plain[i] as tf.Tensor);
    expect(warnings).toEqual([]);
  });

  it('keeps equal arguments apart', () => {
    const fast = quick((a: tf.Tensor, b: tf.Tensor) => tf.sub(tf.mul(a, 2), b));
    const [a, b] = [tf.tensor1d([1, 2]), tf.tensor1d([5, 7])];
    expect(list(fast(a, a))).toEqual([1, 2]);
    expect(list(fast(a, a.clone()))).toEqual([1, 2]);
    expect(list(fast(a, b))).toEqual([-3, -3]);
    expect(list(tf.grad((x: tf.Tensor) => fast(x, x))(a))).toEqual([1, 1]);
  });
});

describe('variables', () => {
  it('are used without being given, at their present value, and get their gradients', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const fn = (x: tf.Tensor) => tf.mul(tf.square(w), x);
    const fast = quick(fn);
    const x = tf.tensor1d([3, 4]);
    const grads = () => tf.variableGrads(() => tf.sum(fast(x)) as tf.Scalar, [w]);
    expect(list(fast(x))).toEqual([3, 16]);
    expect(list(grads().grads[w.name] as tf.Tensor)).toEqual([6, 16]);
    w.assign(tf.tensor1d([10, 0]));
    expect(list(fast(x))).toEqual([300, 0]);
    expect(list(grads().grads[w.name] as tf.Tensor)).toEqual([60, 0]);
    expect(recorded()).toBeGreaterThan(0);
    w.dispose();
    expect(() => fast(x)).toThrow(/disposed of/);
    expect(warnings).toEqual([]);
  });

  it('that the function makes when first called are its own from then on', () => {
    let w: tf.Variable | undefined;
    const fast = quick((x: tf.Tensor) => {
      w ??= tf.variable(tf.randomNormal([2]));
      return tf.mul(w, x);
    });
    const x = tf.tensor1d([1, 1]);
    expect(list(fast(x))).toEqual(list(w as unknown as tf.Tensor));
    w?.assign(tf.tensor1d([3, 4]));
    expect(list(fast(x))).toEqual([3, 4]);
    w?.dispose();
  });

  it('are assigned at each call as the function does, once, on a tape or not; the gradient takes what they held before', () => {
    const make = () => {
      const mean = tf.variable(tf.tensor1d([1, 2]), false);
      const fn = (x: tf.Tensor) => {
        const y = tf.mul(x, mean);
        mean.assign(tf.tidy(() => tf.add(tf.mul(mean, 0.5), tf.mul(tf.mean(x, 0), 0.5))));
        mean.assign(tf.add(mean, 1));
        return tf.add(y, mean); // what it was assigned
      };
      return { mean, fn };
    };
    const [ours, plain] = [make(), make()];
    const fast = quick(ours.fn);
    const x = matrix(3, 2);
    const gradient = (f: (x: tf.Tensor) => tf.Tensor) => tf.grad((at: tf.Tensor) => tf.sum(f(at)))(x);
    close(fast(x), plain.fn(x));
    let start = counted();
    for (let call = 0; call < 4; call++) {
      tf.tidy(() => close(call % 2 === 0 ? gradient(fast) : fast(x), call % 2 === 0 ? gradient(plain.fn) : plain.fn(x), 6));
      close(ours.mean, plain.mean, 6);
      if (call === 0) start = counted();
    }
    expect(counted()).toEqual(start);
    expect(warnings).toEqual([]);
    expect(replays()).toBeGreaterThan(0);
    for (const { mean } of [ours, plain]) mean.dispose();
  });

  it('without a gradient get none, so that an optimizer leaves them', () => {
    const [used, unused] = [tf.variable(tf.scalar(2)), tf.variable(tf.scalar(3))];
    const fast = quick((x: tf.Tensor, weights: { readonly a: tf.Tensor; readonly b: tf.Tensor }) => tf.mul(x, weights.a));
    const { grads } = tf.variableGrads(() => tf.sum(fast(tf.scalar(5), { a: used, b: unused })) as tf.Scalar, [used, unused]);
    expect(list(grads[used.name] as tf.Tensor)).toEqual([5]);
    expect(grads[unused.name]).toBeUndefined();
    used.dispose();
    unused.dispose();
  });
});

describe('what cannot be replayed', () => {
  const outside = () => tf.keep(tf.tensor1d([1, 2, 3]));
  let captured: tf.Tensor | undefined;
  let kept: tf.Variable | undefined;
  let calls = 0;
  const x = () => tf.tensor1d(numbers(12));
  const cases: Readonly<Record<string, readonly [(x: tf.Tensor) => tf.Tensor, RegExp]>> = {
    'a captured tensor': [(a) => tf.mul(a, tf.sum(captured as tf.Tensor)), /Sum uses a tensor of shape \[3\]/],
    'values read in JavaScript': [(a) => tf.mul(a, tf.sum(a).dataSync()[0] as number), /read in JavaScript/],
    'a number that changes': [(a) => tf.mul(a, Math.random()), /two runs/],
    'a number that counts': [(a) => tf.mul(a, ++calls), /two runs/],
    'dropout without a seed': [(a) => tf.dropout(a, 0.3), /seed/],
    'dropout with a seed': [(a) => tf.dropout(a, 0.3, undefined, 5), /seed/],
    'random numbers of TensorFlow': [(a) => tf.add(a, tf.cast(tf.multinomial(a as tf.Tensor1D, 12, 7), 'float32')), /Multinomial/],
    'shapes that depend on values': [(a) => tf.unique(a as tf.Tensor1D).values, /shape of what Unique/],
    'an empty tensor inside': [(a) => tf.concat([a, tf.mul(tf.slice(a, [0], [0]), 2)]), /what Slice answers is empty/],
    'a variable made inside and assigned': [
      (a) => {
        const v = tf.variable(tf.scalar(1));
        try {
          v.assign(tf.scalar(2));
          return tf.mul(a, v);
        } finally {
          v.dispose();
        }
      },
      /the function makes is assigned/,
    ],
    'a variable assigned in the backward pass': [
      tf.customGrad((a) => {
        const gradFunc = (dy: tf.Tensor) => {
          kept?.assign(tf.scalar(2));
          return dy;
        };
        return { value: tf.clone(a as tf.Tensor), gradFunc };
      }),
      /assigned in the backward pass/,
    ],
  };
  it.each(Object.keys(cases))('%s is refused by reason, with one warning, and runs op by op', (name) => {
    captured = outside();
    kept = tf.variable(tf.scalar(1));
    const [fn, reason] = cases[name] as (typeof cases)[string];
    const fast = quick(fn);
    for (let call = 0; call < 3; call++) expect(fast(x()).rank).toBe(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(reason);
    expect(describeCompiled()).toMatch(reason);
    captured.dispose();
    kept.dispose();
  });

  it('includes empty arguments, without a word: their gradients would end the process', () => {
    const fast = quick((a: tf.Tensor) => tf.mean(a, 1));
    const a = tf.zeros([0, 3]);
    const was = replays();
    for (let call = 0; call < 2; call++) {
      expect(fast(a).shape).toEqual([0]);
      expect(tf.grad(fast)(a).shape).toEqual([0, 3]);
    }
    expect(replays()).toBe(was);
    expect(warnings).toEqual([]);
  });

  it('includes numbers from outside that change between calls', () => {
    let factor = 2;
    const fast = quick((a: tf.Tensor) => tf.mul(a, factor));
    expect(list(fast(tf.scalar(3)))).toEqual([6]);
    factor = 5;
    expect(list(fast(tf.scalar(3)))).toEqual([15]);
    expect(list(fast(tf.scalar(4)))).toEqual([20]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/later call/);
  });

  it('is told from patterns made in a buffer, and from constants', () => {
    const fast = quick((a: tf.Tensor) => tf.add(tf.matMul(a as tf.Tensor2D, tf.eye(4)), tf.tensor1d([1, 2, 3, 4])));
    const a = matrix(3, 4);
    fast(a);
    close(fast(a), tf.add(a, tf.tensor1d([1, 2, 3, 4])));
    expect(warnings).toEqual([]);
  });

  it('includes a gradient that tfjs does not know: only the value is replayed', () => {
    const fn = (a: tf.Tensor) => tf.mul(tf.erf(a), 2);
    same(fn as Ops, [x()]);
    const noGradient = (a: tf.Tensor) => tf.einsum('i,i->i', a, a);
    const fast = quick(noGradient);
    const had = replays();
    close(fast(x()), noGradient(x()));
    expect(replays()).toBe(had + 1);
    expect(() => differentiate(() => tf.sum(fast(x())), [tf.scalar(1)])).not.toThrow();
    const a = x();
    expect(() => differentiate(() => tf.sum(fast(a)), [a])).toThrow(/Einsum/);
    expect(warnings).toEqual([]);
  });
});

describe('around a compiled function', () => {
  it('functions compiled inside become part of its graph', () => {
    const inner = quick((a: tf.Tensor) => tf.exp(a), { name: 'inner' });
    const plain: Ops = (a) => tf.mul(tf.exp(a as tf.Tensor), tf.exp(tf.neg(a as tf.Tensor)));
    const was = recorded();
    const outer: Ops = quick((...[a]: tf.Tensor[]) => tf.mul(inner(a as tf.Tensor), inner(tf.neg(a as tf.Tensor))));
    same(plain, [matrix(2, 3)], outer);
    expect(recorded()).toBe(was + 1);
  });

  it('a gradient of a gradient is computed op by op', () => {
    const fast = quick((a: tf.Tensor) => tf.mul(tf.square(a), a));
    const a = tf.tensor1d([1, 2, 3]);
    fast(a);
    close(tf.grad((x: tf.Tensor) => tf.sum(tf.grad((y: tf.Tensor) => tf.sum(fast(y)))(x)))(a), tf.tensor1d([6, 12, 18]));
  });

  it('an outer tape goes on, and gradients taken inside are recorded', () => {
    const fast = quick((a: tf.Tensor) => tf.mul(a, tf.grad((b: tf.Tensor) => tf.sum(tf.mul(b, tf.square(b))))(a)));
    const plain = (a: tf.Tensor) => tf.mul(3, tf.mul(a, tf.square(a)));
    const a = matrix(2, 2);
    for (let call = 0; call < 2; call++) {
      const ours = tf.grad((x: tf.Tensor) => tf.sum(tf.square(fast(tf.sin(x)))))(a);
      close(ours, tf.grad((x: tf.Tensor) => tf.sum(tf.square(plain(tf.sin(x)))))(a));
    }
    expect(warnings).toEqual([]);
  });

  it.each([1, 2])('an exception in call %i leaves nothing behind, on a tape or not', (failing) => {
    let call = 0;
    const fast = quick((a: tf.Tensor) => {
      const b = tf.exp(a);
      call += 1;
      if (call === failing) throw new Error('broken');
      return tf.square(b);
    });
    const a = matrix(2, 2);
    const start = counted();
    expect(() => tf.tidy(() => fast(a))).toThrow('broken');
    expect(counted()).toEqual(start);
    call = 10;
    tf.tidy(() => close(fast(a), tf.exp(tf.mul(a, 2))));
    const later = () => {
      fast(a);
      throw new Error('later');
    };
    expect(() => tf.tidy(() => differentiate(later, [a]).value)).toThrow('later');
    expect(counted()).toEqual(start);
  });

  it('errors of a graph are thrown, and the next call works', () => {
    const fast = quick((a: tf.Tensor, rows: tf.Tensor) => tf.gather(a, rows as tf.Tensor1D));
    const a = matrix(3, 2);
    const rows = tf.tensor1d([0, 2], 'int32');
    fast(a, rows);
    fast(a, rows);
    expect(() => fast(a, tf.tensor1d([0, 7], 'int32'))).toThrow(/indices|bound|range/i);
    close(fast(a, rows), tf.gather(a, rows));
  });

  it('results outside a tidy are the caller’s', () => {
    const fast = quick((a: tf.Tensor) => tf.tidy(() => [tf.exp(a), tf.square(tf.add(a, 1))]));
    const a = tf.keep(matrix(2, 2));
    tf.dispose(fast(a));
    const start = counted();
    for (let call = 0; call < 5; call++) {
      const results = fast(a);
      expect(counted().tensors).toBe(start.tensors + 2);
      tf.dispose(results);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.sum((fast(x) as tf.Tensor[])[0] as tf.Tensor))(a);
      tf.dispose([value, grad]);
    }
    expect(counted()).toEqual(start);
    a.dispose();
  });

  it('what it was given and what it answered may be disposed of before its gradient is taken', () => {
    const fn = (a: tf.Tensor, b: tf.Tensor) => tf.mul(tf.exp(a), b);
    const fast = quick(fn);
    const x = matrix(2, 3);
    const through = (f: typeof fn) => (y: tf.Tensor) => {
      const [a, b] = [tf.sin(y), tf.cos(y)];
      const product = f(a, b);
      const total = tf.sum(product);
      tf.dispose([a, b, product]);
      return total;
    };
    for (let call = 0; call < 2; call++) close(tf.grad(through(fast))(x), tf.grad(through(fn))(x));
    expect(warnings).toEqual([]);
  });

  it('an argument that is disposed of is an error, and the next call works', () => {
    const fast = quick((a: tf.Tensor) => tf.exp(a));
    const gone = matrix(2, 2);
    gone.dispose();
    const a = matrix(2, 2);
    expect(() => fast(gone)).toThrow();
    close(fast(a), tf.exp(a));
    expect(() => fast(gone)).toThrow();
    close(fast(a), tf.exp(a));
  });

  it('is the same inside a tidy and outside, on a tape or not', () => {
    const fn = (a: tf.Tensor) => tf.square(tf.sinh(a));
    const fast = quick(fn);
    const a = matrix(2, 2);
    const tidied = () => tf.tidy(() => fast(a));
    const slope = () => tf.grad((x: tf.Tensor) => tf.sum(fast(x)))(a);
    const expected = tf.grad((x: tf.Tensor) => tf.sum(fn(x)))(a);
    for (const result of [tidied(), fast(a), tidied(), fast(a)]) close(result, fn(a));
    for (const result of [tf.tidy(slope), slope(), tf.tidy(slope), slope()]) close(result, expected);
    close(tf.grad((x: tf.Tensor) => tf.tidy(() => tf.sum(fast(x))))(a), expected);
  });

  it('keeps no tensors over many calls, unused outputs included', () => {
    const w = tf.variable(matrix(4, 4));
    const fast = quick((a: tf.Tensor) => tf.tanh(tf.matMul(a as tf.Tensor2D, w as unknown as tf.Tensor2D)));
    const a = matrix(4, 4, 0.1);
    const step = () =>
      tf.tidy(
        () =>
          tf
            .variableGrads(() => {
              fast(a);
              return tf.sum(fast(fast(a))) as tf.Scalar;
            }, [w])
            .value.dataSync()[0],
      );
    step();
    const start = counted();
    const native = () => (tf.backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors();
    const handles = native();
    for (let i = 0; i < 50; i++) step();
    expect(counted()).toEqual(start);
    expect(native()).toBe(handles);
    w.dispose();
  });
});

describe('recordings', () => {
  it('are bounded: the one used longest ago goes, and is made anew when asked for', () => {
    const fast = quick((a: tf.Tensor) => tf.exp(a), { limit: 2 });
    const was = recorded();
    const call = (n: number) => close(fast(tf.zeros([n])), tf.ones([n]));
    for (const n of [1, 2, 1, 3]) call(n);
    expect(compileStatistics().functions[0]?.recordings.map((one) => one.arguments)).toEqual(['(float32[1])', '(float32[3])']);
    call(1);
    expect(recorded()).toBe(was + 3);
    call(2);
    expect(recorded()).toBe(was + 4);
    expect(compileStatistics().graphs).toBe(4);
  });

  it('share their graphs where functions do the same', () => {
    const make = (w: tf.Variable) => quick((a: tf.Tensor) => tf.mul(w, tf.exp(a)));
    const weights = [tf.variable(tf.scalar(2)), tf.variable(tf.scalar(3))];
    const a = tf.tensor1d([0, 0]);
    expect(weights.map((w) => list(make(w)(a)))).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect(compileStatistics().graphs).toBe(2);
    for (const w of weights) w.dispose();
  });

  it('are made anew after they were freed, a tape that is open included', () => {
    const fast = quick((a: tf.Tensor) => tf.exp(a));
    const a = tf.tensor1d([1, 2]);
    const gradient = tf.grad((x: tf.Tensor) => {
      const y = tf.sum(fast(x));
      freeCompiled(fast);
      return y;
    })(a);
    close(gradient, tf.exp(a));
    close(fast(a), tf.exp(a));
  });

  it('count as kernels by the ops of their graphs', () => {
    const fast = quick((a: tf.Tensor) => tf.matMul(tf.exp(a) as tf.Tensor2D, a as tf.Tensor2D));
    const a = matrix(2, 2);
    fast(a);
    fast(a);
    expect(kernelCounts(() => void fast(a))).toEqual({ MatMul: 1, Exp: 1 });
    expect(kernelCounts(() => void tf.grad((x: tf.Tensor) => fast(x))(a, tf.ones([2, 2])))).toMatchObject({ MatMul: 2, BatchMatMulV2: 1, Exp: 1 });
    expect(kernelCounts(() => void tf.neg(a))).toEqual({ Neg: 1 });
  });

  it('tell how long each graph ran, under the name of the function, while somebody listens', () => {
    const fast = quick((a: tf.Tensor) => tf.square(tf.exp(a)), { name: 'timed' });
    const a = matrix(2, 2);
    fast(a);
    fast(a);
    const heard: ReplayTime[] = [];
    const stop = onReplay((time) => void heard.push(time));
    tf.grad((x: tf.Tensor) => fast(x))(a);
    stop();
    fast(a);
    expect(heard.map(({ name, pass }) => [name, pass])).toEqual([
      ['timed', 'forward'],
      ['timed', 'backward'],
    ]);
    expect(heard.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
  });

  it('are none where the option is wrong', () => {
    expect(() => compile(dense, { limit: 0 })).toThrow(/limit/);
  });
});

it('timeOps times what runs op by op, by op and shapes', () => {
  const [a, b] = [matrix(3, 4), matrix(4, 2)];
  tf.square(a);
  const { take, stop } = timeOps();
  tf.neg(a);
  expect(take().map(({ op }) => op)).toEqual(['Neg']);
  tf.tidy(() => tf.exp(tf.matMul(tf.square(a) as tf.Tensor2D, tf.tensor2d(numbers(8), [4, 2]))));
  tf.exp(b);
  const times = stop();
  expect(Object.hasOwn(tf.backend(), 'getInputTensorIds')).toBe(false);
  tf.exp(b);
  expect(Object.fromEntries(times.map(({ op, shapes, calls }) => [`${op} ${shapes}`, calls]))).toMatchObject({
    'Exp [3,2] -> [3,2]': 1,
    'Exp [4,2] -> [4,2]': 1,
    'Square [3,4] -> [3,4]': 1,
    'BatchMatMulV2 [3,4] [4,2] -> [3,2]': 1,
  });
  expect(times.every(({ milliseconds }) => milliseconds >= 0)).toBe(true);
});

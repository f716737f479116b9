import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Reproducible numbers in [-1, 1): a linear congruential generator. */
export function numbers(shape: readonly number[], seed: number, scale = 1): Numbers {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const size = shape.reduce((product, n) => product * n, 1);
  const data = Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state / 2 ** 31 - 1) * scale);
  });
  return { shape, data };
}

interface Check {
  readonly inputs: readonly Numbers[];
  readonly op: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** The same in float64, written as plainly as possible. */
  readonly reference: (...inputs: Float64Array[]) => Float64Array;
  readonly shape: readonly number[];
  /** Absolute tolerance, and relative to the largest number compared; default 2e-5. */
  readonly tolerance?: number;
  /** At most so many numbers of each input are differentiated; default 24. */
  readonly samples?: number;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= tolerance * largest)) expect.fail(`${what}[${i}] is ${actual[i]}, expected ${expected[i]} within ${tolerance * largest}`);
  }
}

/** Compares an op's value with its float64 reference, its gradients with the reference's central differences, and counts tensors. */
export function checkOp({ inputs, op, reference, shape, tolerance = 2e-5, samples = 24 }: Check): void {
  const before = tf.memory().numTensors;
  const tensors = inputs.map(({ shape, data }) => tf.tensor(Float32Array.from(data), [...shape]));
  const expected = reference(...inputs.map((input) => input.data));
  const outer = numbers(shape, 99);
  const dy = tf.tensor(Float32Array.from(outer.data), [...shape]);

  const y = op(...tensors);
  expect(tf.memory().numTensors - before, 'tensors after a forward pass').toBe(tensors.length + 2);
  expect(y.shape).toEqual([...shape]);
  expectClose(y.dataSync(), expected, tolerance, 'value');

  const gradients = tf.grads((...xs: tf.Tensor[]) => op(...xs))(tensors, dy);
  expect(tf.memory().numTensors - before, 'tensors after a backward pass').toBe(2 * tensors.length + 2);

  const weighted = (arrays: readonly Float64Array[]) => reference(...arrays).reduce((sum, value, i) => sum + value * (outer.data[i] as number), 0);
  inputs.forEach((input, which) => {
    const gradient = (gradients[which] as tf.Tensor).dataSync();
    expect((gradients[which] as tf.Tensor).shape).toEqual([...input.shape]);
    const stride = Math.max(1, Math.floor(input.data.length / samples));
    const indices = Array.from({ length: Math.ceil(input.data.length / stride) }, (_, i) => i * stride);
    const slopes = indices.map((index) => {
      const h = 1e-5;
      const at = (delta: number) =>
        weighted(inputs.map((other, i) => (i === which ? other.data.map((value, j) => (j === index ? value + delta : value)) : other.data)));
      return (at(h) - at(-h)) / (2 * h);
    });
    expectClose(
      indices.map((index) => gradient[index] as number),
      slopes,
      tolerance,
      `gradient of input ${which}`,
    );
  });
  tf.dispose([...tensors, dy, y, ...gradients]);
  expect(tf.memory().numTensors, 'tensors left').toBe(before);
}

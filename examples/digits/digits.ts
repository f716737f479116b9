import { readFileSync } from 'node:fs';
import { permutation } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';

const numbersOf = (digit: number) =>
  JSON.parse(readFileSync(new URL(`src/digits/${digit}.json`, import.meta.resolve('mnist/package.json')), 'utf8')).data as number[];
const pixels = 28 * 28;

/** Mean and deviation of the grey values, 0 to 1. */
const [mean, deviation] = [0.13, 0.31];

/** Images float32 [N, 28, 28, 1], their grey values standardized, and what they show, int32 [N]. */
export interface Digits {
  readonly xs: tf.Tensor4D;
  readonly ys: tf.Tensor1D;
}

/** The 10,000 handwritten digits of the package `mnist` in one random order: four fifths to train on, a fifth to test. */
export function digits(count = 10_000): { readonly train: Digits; readonly test: Digits } {
  const images = Array.from({ length: 10 }, (_, digit) => {
    const data = numbersOf(digit);
    return Array.from({ length: Math.floor(data.length / pixels) }, (_, i) => ({ digit, image: data.slice(i * pixels, (i + 1) * pixels) }));
  }).flat();
  const chosen = Array.from(permutation(0, 'digits', 0, images.length).slice(0, count), (i) => images[i]!);
  const part = (from: number, to: number): Digits => {
    const rows = chosen.slice(from, to);
    const data = new Float32Array(rows.length * pixels);
    for (const [i, { image }] of rows.entries()) {
      data.set(
        image.map((grey) => (grey - mean) / deviation),
        i * pixels,
      );
    }
    return {
      xs: tf.tensor4d(data, [rows.length, 28, 28, 1]),
      ys: tf.tensor1d(
        rows.map(({ digit }) => digit),
        'int32',
      ),
    };
  };
  const split = Math.floor(0.8 * chosen.length);
  return { train: part(0, split), test: part(split, chosen.length) };
}

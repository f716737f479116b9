import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { digits } from './digits.js';
import { patchesOf } from './vision-transformer.js';

await loadEngine('cpu');
const directory = mkdtempSync(join(tmpdir(), 'digits-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('has 10,000 digits, a fifth of them to test, none in both parts', () => {
  const { train, test } = digits();
  expect([train.xs.shape, test.xs.shape]).toEqual([
    [8000, 28, 28, 1],
    [2000, 28, 28, 1],
  ]);
  const shown = Array.from({ length: 10 }, (_, digit) => test.ys.dataSync().filter((y) => y === digit).length);
  for (const count of shown) expect(Math.abs(count - 200)).toBeLessThan(60);
  const images = (xs: tf.Tensor) => {
    const data = xs.dataSync();
    return Array.from({ length: xs.shape[0] as number }, (_, i) => Buffer.from(new Float32Array(data.slice(i * 784, (i + 1) * 784)).buffer).toString('latin1'));
  };
  const seen = new Set(images(train.xs));
  expect(images(test.xs).filter((image) => seen.has(image))).toEqual([]);
});

it('cuts images into patches, row by row', () => {
  const image = tf.reshape(tf.range(0, 16), [1, 4, 4, 1]);
  expect(patchesOf(image, 2).arraySync()).toEqual([
    [
      [0, 1, 4, 5],
      [2, 3, 6, 7],
      [8, 9, 12, 13],
      [10, 11, 14, 15],
    ],
  ]);
});

it.each(['vision-transformer', 'residual-cnn'])('a %s trains dense, under layer dropping and under stochastic depth, and a report is written', (model) => {
  const out = join(directory, `${model}.html`);
  const study = [
    join(import.meta.dirname, '..', 'dist', 'digits', 'study.js'),
    '--model',
    model,
    '--seeds',
    '1',
    '--epochs',
    '1',
    '--images',
    '40',
    '--out',
    out,
  ];
  const printed = execFileSync(process.execPath, study, { encoding: 'utf8' });
  expect(printed.match(/^[a-z ]+, seed 1: accuracy 0\.\d{4}, /gm)).toHaveLength(3);
  expect(printed).toMatch(/^\| dense \| .+ \| {2}\| .+ ms \| {2}\| {2}\| 0\.0 % \|$/m);
  expect(readFileSync(out, 'utf8')).toMatch(/<title>.*progressive layer dropping/);
});

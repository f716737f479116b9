import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { columnSum } from './column-sum.js';
import { product } from './product.js';

const shapes = [
  { batch: [], m: 1, k: 1, n: 1 },
  { batch: [], m: 5, k: 97, n: 3 },
  { batch: [3], m: 4, k: 8, n: 12 },
  { batch: [2, 3], m: 17, k: 5, n: 9 },
];

describe.each(testedEngines)('product on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  describe.each(shapes)('of $batch × $m × $k × $n', ({ batch, m, k, n }) => {
    it.each([
      { transposeA: false, transposeB: false },
      { transposeA: true, transposeB: false },
      { transposeA: false, transposeB: true },
      { transposeA: true, transposeB: true },
    ])('is the sum over k: $transposeA, $transposeB', ({ transposeA, transposeB }) => {
      const held = () => (tf.backend() as tf.KernelBackend & { numDataIds(): number }).numDataIds(); // scratch memory of kernels included
      const before = held();
      const a = numbers([...batch, ...(transposeA ? [k, m] : [m, k])], 1);
      const b = numbers([...batch, ...(transposeB ? [n, k] : [k, n])], 2);
      const [x, z] = [tf.tensor(Float32Array.from(a.data), [...a.shape]), tf.tensor(Float32Array.from(b.data), [...b.shape])];
      const y = product(x, z, transposeA, transposeB);
      expect(y.shape).toEqual([...batch, m, n]);
      const actual = y.dataSync();
      const count = batch.reduce((total: number, size) => total * size, 1);
      for (let g = 0; g < count; g++)
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let l = 0; l < k; l++) {
              const left = a.data[g * m * k + (transposeA ? l * m + i : i * k + l)] as number;
              const right = b.data[g * k * n + (transposeB ? j * k + l : l * n + j)] as number;
              sum += left * right;
            }
            expect(actual[(g * m + i) * n + j]).toBeCloseTo(sum, 4);
          }
      tf.dispose([x, z, y]);
      expect(held()).toBe(before);
    });
  });

  it('sums columns', () => {
    const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], [1, 7, 2]);
    const y = columnSum(x);
    expect(y.shape).toEqual([2]);
    expect(Array.from(y.dataSync())).toEqual([49, 56]);
    tf.dispose([x, y]);
  });
});

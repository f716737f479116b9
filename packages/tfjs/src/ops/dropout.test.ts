import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { usedMask } from '../../test/used-mask.js';
import { dropout, dropoutMask } from './dropout.js';

const kept = (mask: Float32Array) => mask.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);

/** Correlation of which elements two masks drop. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>, rate: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] === 0 ? 1 : 0) - rate) * ((b[i] === 0 ? 1 : 0) - rate);
  return sum / (a.length * rate * (1 - rate));
}

describe('dropoutMask', () => {
  it('is what it was: a change of its bits would change every seeded run', () => {
    const bits = Array.from(dropoutMask(40, 0.5, { seed: [1, 2], salt: 3 }), (value) => (value === 0 ? '.' : 'x')).join('');
    expect(bits).toMatchInlineSnapshot(`"xxxx.x...xxxxx.xx.xxxx...xx.x.xx.xx.xxx."`);
  });

  it.each([0.1, 0.5, 0.9])('drops a fraction of %d and scales the rest', (rate) => {
    const size = 100_000;
    const mask = dropoutMask(size, rate, { seed: [5, 6], salt: 0 });
    const sigma = Math.sqrt(size * rate * (1 - rate));
    expect(Math.abs(kept(mask) - size * (1 - rate))).toBeLessThan(4 * sigma);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
  });

  it('draws independently over elements, seeds and salts', () => {
    const size = 50_000;
    const rate = 0.3;
    const base = dropoutMask(size, rate, { seed: [1, 2], salt: 3 });
    const others = [
      { seed: [2, 2], salt: 3 },
      { seed: [1, 3], salt: 3 },
      { seed: [1, 2], salt: 4 },
      { seed: [2, 1], salt: 3 },
      { seed: [1, 3], salt: 2 },
    ] as const;
    const limit = 4 / Math.sqrt(size);
    for (const key of others) expect(Math.abs(correlation(base, dropoutMask(size, rate, key), rate))).toBeLessThan(limit);
    for (const lag of [1, 2, 3, 4, 64, 128, 256, 1024])
      expect(Math.abs(correlation(base.subarray(lag), base.subarray(0, -lag), rate))).toBeLessThan(limit * 1.1);
  });

  it('is no shift of the mask of a neighbouring key', () => {
    const base = dropoutMask(4096, 0.5, { seed: [1, 2], salt: 0 });
    for (let salt = 1; salt < 8; salt++) {
      const other = dropoutMask(4096, 0.5, { seed: [1, 2], salt });
      for (let shift = -16; shift <= 16; shift++) {
        const a = base.subarray(Math.max(0, shift), 4096 + Math.min(0, shift));
        const b = other.subarray(Math.max(0, -shift), 4096 + Math.min(0, -shift));
        expect(Math.abs(correlation(a, b, 0.5))).toBeLessThan(0.1);
      }
    }
  });
});

describe.each(testedEngines)('dropout on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([{ shape: [1] }, { shape: [3, 5] }, { shape: [2, 3, 7] }])('multiplies by the mask, forward and backward: $shape', ({ shape }) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const key = { seed: [11, 12], salt: 13 } as const;
    const mask = usedMask(size, 0.3, key);
    if (engine !== 'native') expect(mask).toEqual(dropoutMask(size, 0.3, key)); // native draws its own
    checkOp({
      inputs: [numbers(shape, 1)],
      op: (x) => dropout(x as tf.Tensor, 0.3, [11, 12], 13),
      reference: (x) => x.map((value, i) => value * (mask[i] as number)),
      shape,
    });
  });

  it('answers the input itself where the rate is 0', () => {
    const x = tf.scalar(1);
    expect(dropout(x, 0, [1, 2])).toBe(x);
    x.dispose();
  });

  it.each([-0.1, 1, Number.NaN])('refuses a rate of %d', (rate) => {
    const x = tf.scalar(1);
    expect(() => dropout(x, rate, [1, 2])).toThrow(expect.objectContaining({ code: 'HOOKLINE_RANGE' }));
    x.dispose();
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { structureOf } from './structure.js';

beforeAll(async () => {
  await loadEngine('cpu');
  tf.engine().startScope();
});
afterAll(() => tf.engine().endScope());

const keyOf = (value: unknown) => structureOf(value)?.key;

describe('a nesting of tensors', () => {
  it('is taken apart and put together around others', () => {
    const [a, b, c] = [tf.scalar(1), tf.zeros([2, 3]), tf.zeros([4], 'int32')];
    const given = [{ a, more: [b, 5, 'text'] }, c, null] as const;
    const structure = structureOf(given);
    expect(structure?.tensors).toEqual([a, b, c]);
    expect(structure?.key).toBe('({"a":float32[];"more":(float32[2,3];5;"text")};int32[4];null)');
    expect(structure?.rebuild([c, a, b])).toEqual([{ a: c, more: [a, 5, 'text'] }, b, null]);
  });

  it('has a key of its own for each shape, dtype, nesting and value', () => {
    const x = tf.zeros([2]);
    const values = [
      x,
      [x],
      [[x]],
      { x },
      { y: x },
      [x, x],
      tf.zeros([2], 'int32'),
      tf.zeros([2, 1]),
      tf.zeros([]),
      0,
      -0,
      '0',
      false,
      null,
      undefined,
      [],
      {},
      Number.NaN,
    ];
    const keys = values.map(keyOf);
    expect(new Set(keys).size).toBe(values.length);
    expect(keyOf(tf.ones([2]))).toBe(keyOf(x));
  });

  it('is none where something has no key', () => {
    for (const value of [() => 1, new Map(), new Float32Array(2), [Symbol('s')], { x: new Date() }]) expect(structureOf(value)).toBeUndefined();
  });
});

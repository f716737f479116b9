import { describe, expect, it } from 'vitest';
import { block, driven } from '../../test/plugin-run.js';
import type { Gradients } from '../learner.js';
import { clipFactor, clipGradients } from './clip-gradients.js';

/** Gradients of one number a parameter. */
const numbers = (values: Readonly<Record<string, number>>): Gradients => {
  const each = (f: (value: number, name: string) => number): Gradients =>
    numbers(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, f(value, name)])));
  const norm = (name?: string): number => (name === undefined ? Math.hypot(...Object.values(values)) : Math.abs(values[name] ?? Number.NaN));
  return {
    names: Object.keys(values),
    losses: () => ({}),
    norm,
    clipNorm: (limit) => each((value) => value * clipFactor(norm(), limit)),
    clipValue: (limit) => each((value) => Math.min(limit, Math.max(-limit, value))),
    scale: (factor, which = () => true) => each((value, name) => (which(name) ? value * factor : value)),
    map: (f) => each(f as never),
    values: (name) => Float64Array.of(values[name] ?? Number.NaN),
    replace: () => numbers({}),
  };
};
const read = (gradients: Gradients): Record<string, number> => Object.fromEntries(gradients.names.map((name) => [name, gradients.values(name)[0]!]));

const blocks = [block('a', ['a1', 'a2']), block('b', ['b1'])];
const values = { a1: 3, a2: -4, b1: 0.5, head: 12, embedding: -5 };
const clipped = async (options: Parameters<typeof clipGradients>[0]) =>
  read((await driven(clipGradients(options), { blocks }).gradients(0, numbers(values))).gradients);

describe('clipFactor', () => {
  it.each([
    [2, 1, 1 / 2.000001],
    [1, 1, 1 / 1.000001],
    [0.5, 1, 1],
    [0, 1, 1],
    [Number.POSITIVE_INFINITY, 1, 0],
    [Number.NaN, 1, Number.NaN],
  ])('brings a norm of %d down to %d by %d', (norm, limit, factor) => {
    expect(clipFactor(norm, limit)).toBe(factor);
  });
});

describe('clipGradients', () => {
  it('provides clipping late in the order', () => {
    expect(clipGradients({ norm: 1 })).toMatchObject({ provides: ['clipping'], stage: 50 });
  });

  it('clips the global norm', async () => {
    expect(Math.hypot(...Object.values(await clipped({ norm: 2 })))).toBeCloseTo(2, 5);
    expect(await clipped({ norm: 100 })).toEqual(values);
  });

  it('clamps each value', async () => {
    expect(await clipped({ value: 4 })).toEqual({ a1: 3, a2: -4, b1: 0.5, head: 4, embedding: -4 });
  });

  it('clips each block by itself, and the rest together', async () => {
    const result = await clipped({ perBlock: 1 });
    const expected = { a1: 0.6, a2: -0.8, b1: 0.5, head: 12 / 13, embedding: -5 / 13 };
    for (const [name, value] of Object.entries(expected)) expect(result[name], name).toBeCloseTo(value, 5);
  });

  it('lets a gradient that is no number be seen', async () => {
    const { gradients } = await driven(clipGradients({ perBlock: 1 }), { blocks }).gradients(0, numbers({ ...values, a1: Number.NaN }));
    expect(read(gradients)).toMatchObject({ a1: Number.NaN, a2: Number.NaN, b1: 0.5 });
  });

  it.each([{}, { norm: 1, value: 1 }, { norm: 0 }, { norm: -1 }, { max: 1 }])('refuses %o', (options) => {
    expect(() => clipGradients(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

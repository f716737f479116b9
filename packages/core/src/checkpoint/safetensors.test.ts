import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../errors.js';
import type { Tensors } from '../values.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(import.meta.dirname, '../../test/fixtures/safetensors', name)));

/** A file with this header, followed by so many zero bytes. */
const file = (header: unknown, bytes: number): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + bytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
};

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({ dtype, shape, data_offsets: [begin, end] });

describe('decodeSafetensors', () => {
  it('reads each dtype of a file that the format’s own library wrote', () => {
    const { tensors, metadata } = decodeSafetensors(fixture('small.safetensors'));
    expect(metadata).toEqual({ format: 'pt', note: 'zwölf' });
    expect(tensors).toEqual({
      'weights.f64': { shape: [2, 3], data: Float64Array.of(0.1, -2.5, 1e300, 5e-324, -0, 3) },
      'weights.f32': { shape: [2, 2], data: Float32Array.of(1.5, -0.1, 3.4e38, 1e-45) },
      'weights.f16': { shape: [7], data: Float32Array.of(1, -2, 65504, 2 ** -24, 2 ** -14, 0.333251953125, -0) },
      'weights.bf16': { shape: [4], data: Float32Array.of(1, -2, 2 ** -133, Number.POSITIVE_INFINITY) },
      'ids.i32': { shape: [3], data: Int32Array.of(-2147483648, 0, 2147483647) },
      'ids.i64': { shape: [1, 4], data: Int32Array.of(-2147483648, -1, 5, 2147483647) },
      scalar: { shape: [], data: Float32Array.of(42) },
      empty: { shape: [0, 4], data: new Float32Array(0) },
    });
  });

  it('reads from any place in a larger buffer', () => {
    const bytes = fixture('small.safetensors');
    for (const shift of [1, 3, 4]) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      expect(decodeSafetensors(moved.subarray(shift))).toEqual(decodeSafetensors(bytes));
    }
  });

  it('does not take names for parts of an object', () => {
    const bytes = file('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4);
    expect(Object.keys(decodeSafetensors(bytes).tensors)).toEqual(['__proto__']);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /cut short: 0 bytes/],
    ['a file cut inside the header', fixture('small.safetensors').subarray(0, 100), /cut short, or no such file: a header of 568 bytes in a file of 100/],
    ['a file cut inside the numbers', fixture('small.safetensors').subarray(0, -1), /cut short: 709 bytes where the header says 710/],
    ['a file with something behind it', file({ a: entry(0, 4) }, 5), /1 bytes follow the last tensor/],
    ['a header that is not JSON', file('{"a":', 0), /header is not JSON/],
    ['a header that is not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), /header is not JSON/],
    ['a header that is a list', file([], 0), /not an object of tensors/],
    ['a header that is null', file('null', 0), /not an object of tensors/],
    ['a tensor without a shape', file({ a: { dtype: 'F32', data_offsets: [0, 0] } }, 0), /header, a\.shape/],
    ['a negative length', file({ a: entry(0, 4, [-1]) }, 4), /header, a\.shape\.0/],
    ['a field too many', file({ a: { ...entry(0, 4), strides: [1] } }, 4), /header, a:.*strides/],
    ['texts that are no object', file({ __metadata__: ['a'] }, 0), /header, __metadata__: not an object/],
    ['texts that are not text', file({ __metadata__: { a: 1 } }, 0), /header, __metadata__\.a/],
    ['tensors that overlap', file({ a: entry(0, 8), b: entry(4, 12) }, 12), /'b' overlaps/],
    ['a gap between tensors', file({ a: entry(0, 4), b: entry(8, 12) }, 12), /gap of 4 bytes before tensor 'b'/],
    ['a gap at the beginning', file({ a: entry(4, 8) }, 8), /gap of 4 bytes before tensor 'a'/],
    ['a shape that does not fit', file({ a: entry(0, 8, [3]) }, 8), /'a', F32 of shape \[3\], takes 12 bytes but has 8/],
    ['an end before the beginning', file({ a: entry(8, 4, [1]) }, 8), /takes 4 bytes but has -4/],
    ['an unknown dtype', fixture('bool.safetensors'), /'mask' has the unknown dtype BOOL; these are read: F64, F32, I32, I64, F16, BF16/],
    ['a dtype from the prototype', file({ a: entry(0, 4, [1], 'toString') }, 4), /unknown dtype toString/],
    ['an I64 beyond 32 bits', fixture('wide.safetensors'), /'ids' holds 2147483648, beyond 32 bits/],
  ])('answers %s with a typed error', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'HOOKLINE_SAFETENSORS' }));
  });

  it('never fails otherwise, whatever byte is changed', () => {
    const bytes = fixture('small.safetensors');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice();
        changed[at] = changed[at]! ^ flip;
        try {
          decodeSafetensors(changed);
        } catch (error) {
          if (!(error instanceof HooklineError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

const tensor = fc.array(fc.nat(3), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((product, n) => product * n, 1);
  const size = { minLength: length, maxLength: length };
  const data = fc.oneof(fc.float64Array(size), fc.float32Array(size), fc.int32Array(size));
  return data.map((numbers) => ({ shape, data: numbers }));
});
const names = fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name !== '__metadata__');
const anyTensors = fc.dictionary(names, tensor, { maxKeys: 6, noNullPrototype: true });

describe('encodeSafetensors', () => {
  it('comes back bit for bit', () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), (tensors, metadata) => {
        expect(decodeSafetensors(encodeSafetensors(tensors, metadata))).toEqual({ tensors, metadata });
      }),
      { examples: [[{}, Object.fromEntries([['__proto__', 'text']])]] },
    );
  });

  it('aligns header and numbers to 8 bytes and keeps NaN payloads', () => {
    const tensors: Tensors = {
      odd: { shape: [1], data: Int32Array.of(7) },
      half: { shape: [2], data: new Float32Array(Uint32Array.of(0x7fc00001, 0x80000000).buffer) },
      wide: { shape: [1], data: Float64Array.of(0.1) },
    };
    const bytes = encodeSafetensors(tensors);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(bytes[8]).toBe('{'.charCodeAt(0));
    const { data } = decodeSafetensors(bytes).tensors['half']!;
    expect(new Uint32Array(data.buffer, data.byteOffset, 2)).toEqual(Uint32Array.of(0x7fc00001, 0x80000000));
  });

  it('gives the same bytes whatever the order of names', () => {
    const a = { shape: [1], data: Float32Array.of(1) };
    const b = { shape: [1], data: Float32Array.of(2) };
    expect(encodeSafetensors({ a, b })).toEqual(encodeSafetensors({ b, a }));
  });

  it('writes a part of a larger array', () => {
    const data = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(decodeSafetensors(encodeSafetensors({ a: { shape: [2], data } })).tensors).toEqual({ a: { shape: [2], data: Float64Array.of(2, 3) } });
  });

  it.each<[string, Tensors, RegExp]>([
    ['a shape that does not fit', { a: { shape: [2, 2], data: new Float32Array(3) } }, /'a' of shape \[2,2\] has 3 numbers/],
    ['the reserved name', { __metadata__: { shape: [], data: new Float32Array(1) } }, /cannot be called '__metadata__'/],
  ])('refuses %s', (_, tensors, message) => {
    expect(() => encodeSafetensors(tensors)).toThrow(message);
    expect(() => encodeSafetensors(tensors)).toThrow(expect.objectContaining({ code: 'HOOKLINE_SAFETENSORS' }));
  });
});

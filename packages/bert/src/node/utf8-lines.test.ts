import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, folder } from '../../test/folder.js';
import { invalidUtf8At, type LineOptions, utf8Lines } from './utf8-lines.js';

const linesOf = async (content: string | Uint8Array, options?: LineOptions): Promise<string[]> =>
  (await collect(utf8Lines(join(folder({ f: content }), 'f'), options))).flatMap(({ lines }) => lines);

describe('invalidUtf8At', () => {
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x9f, 0xa0, 0x8f, 0x90));
  it('finds an error exactly where there is one, and only valid text before it', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (values) => {
        const bytes = Uint8Array.from(values);
        const at = invalidUtf8At(bytes);
        expect(at === -1).toBe(isUtf8(bytes));
        if (at >= 0) expect(isUtf8(bytes.subarray(0, at))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    [[0x61, 0xff], 1],
    [[0xc3, 0xa9, 0xc3], 2],
    [[0xe2, 0x82, 0x41], 0],
    [[0xed, 0xa0, 0x80], 0],
    [[0xf0, 0x9f, 0x98, 0x80], -1],
  ])('%j: %i', (bytes, at) => {
    expect(invalidUtf8At(Uint8Array.from(bytes))).toBe(at);
  });
});

describe('utf8Lines', () => {
  it('gives lines without their ends, and drops a byte order mark', async () => {
    expect(await linesOf('\uFEFFone\r\ntwo\n\nthree\uFEFF')).toEqual(['one', 'two', '', 'three\uFEFF']);
    expect(await linesOf('')).toEqual([]);
    expect(await linesOf('a\n')).toEqual(['a']);
  });

  it('joins what the parts of a file cut: lines and characters', async () => {
    for (const shift of [0, 1, 2, 3]) {
      const content = `${'x'.repeat(shift)}${'é€😀\n'.repeat(20_000)}end`;
      expect((await linesOf(content)).join('\n')).toBe(content);
    }
  });

  it('cuts long lines at spaces, and nowhere inside a character', async () => {
    const words = await linesOf(`${'word '.repeat(100)}\nnext`, { maxLength: 22 });
    expect(words.at(-1)).toBe('next');
    const long = await linesOf(`a ${'😀'.repeat(50_000)}`, { maxLength: 999 });
    expect(long.join('')).toBe(`a ${'😀'.repeat(50_000)}`);
    expect(long.every((line) => line.length <= 100_002 && !/^[\uDC00-\uDFFF]/.test(line))).toBe(true);
  });

  it('numbers lines', async () => {
    const content = 'line\n'.repeat(30_000);
    const parts = await collect(utf8Lines(join(folder({ f: content }), 'f')));
    expect(parts.length).toBeGreaterThan(1);
    let next = 1;
    for (const { lines, first } of parts) {
      expect(first).toBe(next);
      next += lines.length;
    }
    expect(next).toBe(30_001);
  });

  it.each([
    ['in the first part', 10],
    ['at the border of parts', 65_536],
    ['far in', 150_001],
  ])('names file and byte of invalid UTF-8 %s', async (_, at) => {
    const bytes = Buffer.alloc(200_000, 'abc é\n');
    bytes.fill('a', at - 4, at + 4);
    bytes[at] = 0xff;
    const valid = invalidUtf8At(bytes);
    await expect(linesOf(bytes)).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_UTF8' }));
    await expect(linesOf(bytes)).rejects.toThrow(new RegExp(`/f is not UTF-8: byte 0x\\w\\w at offset ${valid};`));
    expect(at - valid).toBeLessThan(6);
  });

  it('names the byte of a character that the end cuts off', async () => {
    await expect(linesOf(Uint8Array.of(0x61, 0xe2, 0x82))).rejects.toThrow(/byte 0xe2 at offset 1;/);
  });

  it('names a file that cannot be read', async () => {
    await expect(collect(utf8Lines('/no/such/file'))).rejects.toThrow(/\/no\/such\/file cannot be read/);
  });
});

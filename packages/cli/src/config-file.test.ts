import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { checkConfigFile, overlay, readConfigFile } from './config-file.js';

const directory = mkdtempSync(join(tmpdir(), 'hookline-config-'));
const file = (text: string, name = 'run.yaml') => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return readConfigFile(path);
};

describe('config files', () => {
  it('are YAML, and so JSON too', () => {
    expect(file('a: 1\nb:\n  c: [1, 2]\n').value).toEqual({ a: 1, b: { c: [1, 2] } });
    expect(file('{"a": 1, "b": {"c": [1, 2]}}', 'run.json').value).toEqual({ a: 1, b: { c: [1, 2] } });
    expect(file('# nothing yet\n').value).toEqual({});
  });

  it('know the line of a key, and of the nearest outer one', () => {
    const read = file('a: 1\nb:\n  c: 2\n  d:\n    - e: 3\n');
    expect([read.line(['a']), read.line(['b', 'c']), read.line(['b', 'd', 0, 'e']), read.line(['b', 'x']), read.line(['x'])]).toEqual([1, 3, 5, 2, 1]);
  });

  it('tell file and line of what is wrong, an unknown key before what it leaves missing', () => {
    const schema = z.strictObject({ count: z.int(), inner: z.strictObject({ rate: z.number() }).optional() });
    expect(() => checkConfigFile(file('cuont: 1\n'), schema)).toThrow(/run\.yaml:1: there is no option 'cuont'; did you mean 'count'\?/);
    expect(() => checkConfigFile(file('count: 1\ninner:\n  rate: fast\n'), schema)).toThrow(/run\.yaml:3: option 'inner\.rate': .*number.*\(is "fast"\)/);
    expect(() => checkConfigFile(file('count: 1\n'), schema)).not.toThrow();
  });

  it('print nothing of their own', () => {
    const warn = vi.spyOn(process, 'emitWarning');
    expect(() => file('? [a]\n: 1\n')).not.toThrow();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('refuse duplicate keys and bytes that are no text', () => {
    expect(() => file('a: 1\na: 2\n')).toThrow(/:2:1: not YAML: map keys must be unique/);
    writeFileSync(join(directory, 'bad.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    expect(() => readConfigFile(join(directory, 'bad.yaml'))).toThrow(/is not UTF-8/);
    expect(() => readConfigFile(directory)).toThrow(/is a directory/);
  });
});

describe('overlay', () => {
  it('merges objects, replaces the rest, and lets undefined through to what is below', () => {
    const below = { a: 1, b: { c: 2, d: [1] }, e: 3 };
    expect(overlay(below, { a: undefined, b: { c: 5, d: [2, 3] }, f: 6 })).toEqual({ a: 1, b: { c: 5, d: [2, 3] }, e: 3, f: 6 });
    expect(overlay({ a: 1 }, { a: { b: 2 } })).toEqual({ a: { b: 2 } });
    expect(below).toEqual({ a: 1, b: { c: 2, d: [1] }, e: 3 });
  });
});

import { describe, expect, it } from 'vitest';
import { duration, engineList, integer, megabytes, number } from './arguments.js';

describe('arguments', () => {
  it('durations are seconds', () => {
    expect(['90s', '10m', '1.5h', '1h30m', '1d'].map(duration)).toEqual([90, 600, 5400, 5400, 86400]);
    for (const bad of ['', '10', 'm', '10 m', '10mm', '-5m', '0s', '5x']) expect(() => duration(bad), bad).toThrow('It must be a duration');
  });

  it('whole numbers and numbers keep to their range', () => {
    expect(integer(1, 5)('5')).toBe(5);
    expect(integer(0)('0')).toBe(0);
    for (const bad of ['', ' ', 'x', '1.5', '0', '6', 'NaN']) expect(() => integer(1, 5)(bad), bad).toThrow('It must be a whole number from 1 to 5.');
    expect(number(0, 1)('0.25')).toBe(0.25);
    expect(number(0)('1e-3')).toBe(1e-3);
    for (const bad of ['', 'x', '-0.1', '1.1', 'NaN']) expect(() => number(0, 1)(bad), bad).toThrow('It must be a number from 0 to 1.');
  });

  it('megabytes are bytes, and engines a list without repetition', () => {
    expect(megabytes('1.5')).toBe(1_500_000);
    for (const bad of ['', '0', '2GB']) expect(() => megabytes(bad), bad).toThrow('It must be a number, at least 1.');
    expect(engineList('native, wasm,native')).toEqual(['native', 'wasm']);
    for (const bad of ['', 'wasm,', 'webgl']) expect(() => engineList(bad), bad).toThrow('It must be some of native, wasm, cpu, separated by commas.');
  });
});

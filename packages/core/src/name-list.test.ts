import { expect, test } from 'vitest';
import { nameList, shortName } from './name-list.js';

test('names are listed whole while they are few and short', () => {
  expect(nameList([])).toBe('');
  expect(nameList(['loss', 'gate'])).toBe('loss, gate');
  expect(nameList(new Map([['encoder.0', 1]]).keys())).toBe('encoder.0');
});

test('a message does not grow with the names', () => {
  const many = Array.from({ length: 2000 }, (_, i) => `class ${i}`);
  const listed = nameList(many);
  expect(listed.length).toBeLessThan(700);
  expect(listed).toMatch(/^class 0, class 1, .*, class (\d+), … and \d+ more$/);
  const [last, more] = listed.match(/\d+/g)!.slice(-2).map(Number);
  expect(last! + 1 + more!).toBe(2000);
  expect(nameList(['x'.repeat(15_000)])).toBe(`${'x'.repeat(60)}…`);
  expect(shortName('x'.repeat(60))).toBe('x'.repeat(60));
});

test('a name cannot steer the terminal', () => {
  expect(nameList(['a\u0000b', '\u001b[2Jc'])).toBe('a\uFFFDb, \uFFFD[2Jc');
});

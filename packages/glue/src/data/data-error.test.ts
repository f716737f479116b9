import { expect, it } from 'vitest';
import { columnAt, shortened } from './data-error.js';

it('quotes what a file holds at no great length, and nothing that a terminal acts on', () => {
  expect(shortened('naïve 漢')).toBe('naïve 漢');
  expect(shortened('x'.repeat(50))).toBe(`${'x'.repeat(40)}…`);
  expect(shortened('x'.repeat(50), 45)).toHaveLength(46);
  expect(shortened('a\0\x1b[2Jb')).toBe('a\\x00\\x1b[2Jb');
  expect(columnAt(1, 'y'.repeat(50))).toBe(`column 2 (${'y'.repeat(40)}…)`);
});

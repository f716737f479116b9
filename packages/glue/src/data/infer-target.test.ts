import { describe, expect, it } from 'vitest';
import { inferTarget } from './infer-target.js';
import { suspectLabel } from './suspect-label.js';

const classes = (...labels: string[]) => ({ kind: 'classes', labels });

describe('inferTarget', () => {
  it.each<[string, string[], object]>([
    ['names, by code units', ['b', 'a', 'B', 'b'], classes('B', 'a', 'b')],
    ['whole numbers, by value', ['10', '9', '10'], classes('9', '10')],
    ['numbers of which one is not whole', ['1', '2', '0.5'], { kind: 'number' }],
    ['mostly numbers', ['1.5', '2', 'n/a'], { kind: 'number' }],
    ['decimal commas', ['0,5', '1,25'], { kind: 'number' }],
    ['a number among names', ['a', 'b', '0.5'], classes('0.5', 'a', 'b')],
    ['whole numbers and a name', ['1', '2', 'n/a'], classes('1', '2', 'n/a')],
  ])('takes %s for what they are', (_, labels, target) => {
    expect(inferTarget(labels)).toEqual(target);
  });

  it('guesses nothing where it was said', () => {
    expect(inferTarget(['1.5', '2.5'], 'classes')).toEqual(classes('1.5', '2.5'));
    expect(inferTarget(['1', '2'], 'number')).toEqual({ kind: 'number' });
  });
});

describe('suspectLabel', () => {
  const suspect = (labels: readonly string[]) => suspectLabel(labels, inferTarget(labels));

  it.each<[string, string[], number, RegExp, RegExp]>([
    ['no number among numbers', ['0.5', '1.25', 'n/a', '2'], 2, /^'n\/a' is no number, and most labels are$/, /mend it; .*--target classes/],
    ['one beyond all numbers', ['0.5', '1e400'].concat('1'), 1, /^'1e400' is no number/, /mend it/],
    ['a decimal comma', ['0,5', '1,25'], 0, /^'0,5' is no number/, /decimal point as '\.'/],
    ['a number written in two ways', ['0', '1', '1.0'], 2, /^'1\.0' and '1' are the same number$/, /--target classes/],
    ['a number with a zero before it', ['01', '2', '1', 'x'], 2, /^'1' and '01' are the same number$/, /in one way/],
  ])('finds %s', (_, labels, row, problem, hint) => {
    expect(suspect(labels)).toMatchObject({ row, problem: expect.stringMatching(problem), hint: expect.stringMatching(hint) });
  });

  it('finds a class for more than half of the examples, unless they are few', () => {
    const labels = (count: number, of: number, name = '') => Array.from({ length: count }, (_, i) => `${name}${i % of}`);
    expect(suspect(labels(20, 11))).toMatchObject({ row: undefined, problem: 'the 20 labels make 11 classes', hint: expect.stringMatching(/--target number/) });
    expect(suspect(labels(20, 11, 'text '))?.hint).toMatch(/^name the column of the labels; /);
    expect(suspect(labels(20, 10))).toBeUndefined();
    expect(suspect(labels(19, 19))).toBeUndefined();
  });

  it('finds nothing in good labels', () => {
    expect(suspect(['good', 'bad', 'Bad'])).toBeUndefined();
    expect(suspect(['0.5', '-2', '1e3'])).toBeUndefined();
  });
});

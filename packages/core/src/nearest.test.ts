import fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from './nearest.js';

test.each([
  ['', '', 0],
  ['abc', '', 3],
  ['kitten', 'sitting', 3],
  ['learningrate', 'learningRate', 1],
  ['gaet', 'gate', 1],
])('%s to %s takes %i edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
});

test('distance is symmetric, zero only for equal words, and at most the longer length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test('the nearest word is named, and none where nothing is close', () => {
  expect(nearest('learningrate', ['loss', 'learningRate'])).toBe('learningRate');
  expect(nearest('f1', ['ce', 'mae'])).toBeUndefined();
  expect(nearest('A', ['a', 'b'])).toBe('a');
  expect(nearest('xyzzy', ['loss', 'learningRate'])).toBeUndefined();
  expect(didYouMean('losss', ['loss', 'gate'])).toBe("did you mean 'loss'?");
  expect(didYouMean('xyzzy', ['loss', 'gate'])).toBe('there are: loss, gate');
  expect(didYouMean('xyzzy', [])).toBe('there are none');
});

test('a word that two candidates are as near to means neither, and one that begins with it comes first', () => {
  expect(nearest('encoder.O', ['encoder.0', 'encoder.1'])).toBeUndefined();
  expect(nearest('snli', ['mnli', 'qnli', 'snlii'])).toBe('snlii');
  expect(nearest('MNLI', ['QNLI', 'MNLI-mm', 'MNLI-m'])).toBe('MNLI-m');
  expect(nearest('loss', ['lossless', 'lose'])).toBe('lose'); // too long to be meant
  expect(nearest('gate', ['gates', 'gates'])).toBe('gates');
});

test('a number means the same number', () => {
  expect(nearest('1.0', ['0', '1'])).toBe('1');
  expect(nearest('01', ['10', '1'])).toBe('1');
  expect(didYouMean('12', ['10', '11'])).toBe('there are: 10, 11');
  expect(nearest('12', ['12a'])).toBe('12a');
  expect(nearest('', ['0', '1'])).toBeUndefined();
});

test('a hint does not grow with the candidates', () => {
  const classes = Array.from({ length: 2000 }, (_, i) => `class ${i}`);
  expect(didYouMean('something else', classes)).toMatch(/^there are: class 0, .{300,700} and \d+ more$/);
  expect(didYouMean('sentence', ['x'.repeat(15_000)]).length).toBeLessThan(100);
});

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

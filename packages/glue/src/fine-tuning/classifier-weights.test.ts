import { expect, it } from 'vitest';
import { tinyModel } from '../../test/tiny.js';
import { classifierWeights } from './classifier-weights.js';

const inference = { kind: 'classes', labels: ['entailment', 'neutral', 'contradiction'] } as const;

/** A model whose classifier's row r holds r + 1 throughout. */
function withClassifier(names: readonly string[] | undefined, rows = names?.length ?? 3) {
  const model = tinyModel('post');
  const pooler = classifierWeights(model, inference).tensors;
  const tensors = {
    ...pooler,
    'classifier.weight': { shape: [rows, 8], data: Float32Array.from({ length: 8 * rows }, (_, i) => 1 + Math.floor(i / 8)) },
    'classifier.bias': { shape: [rows], data: Float32Array.from({ length: rows }, (_, i) => 10 * (1 + i)) },
  };
  return { ...model, tensors, ...(names ? { labels: { names } } : {}) };
}

it('matches rows with labels by name, in whatever order the checkpoint numbers them', () => {
  const { tensors, created } = classifierWeights(withClassifier(['CONTRADICTION', 'entailment', 'neutral']), inference);
  expect(Array.from(tensors['classifier.bias']!.data)).toEqual([20, 30, 10]);
  expect(Array.from(tensors['classifier.weight']!.data).filter((_, i) => i % 8 === 0)).toEqual([2, 3, 1]);
  expect(created).toEqual([]);
});

it('tells names apart by their case, and ignores it only where that leaves no doubt', () => {
  const biases = (names: readonly string[], labels: readonly string[]) =>
    Array.from(classifierWeights(withClassifier(names), { kind: 'classes', labels }).tensors['classifier.bias']!.data);
  expect(biases(['A', 'a'], ['A', 'a'])).toEqual([10, 20]);
  expect(biases(['a', 'A'], ['A', 'a'])).toEqual([20, 10]);
  expect(biases(['no', 'YES'], ['Yes', 'No'])).toEqual([20, 10]);
  expect(() => biases(['a', 'b'], ['A', 'a'])).toThrow(/has 2 labels \(a, b\), the task 2 labels \(A, a\)/);
  expect(() => biases(['A', 'a', 'b'], ['a', 'A', 'B'])).toThrow(/has 3 labels/);
});

it('takes rows without names as they come, unless the task calls its labels so', () => {
  const labels = ['LABEL_0', 'LABEL_1', 'LABEL_10', ...Array.from({ length: 8 }, (_, i) => `LABEL_${i + 2}`)];
  const ids = Array.from({ length: 11 }, (_, id) => `LABEL_${id}`);
  const { tensors } = classifierWeights(withClassifier(ids), { kind: 'classes', labels });
  expect(Array.from(tensors['classifier.bias']!.data)).toEqual([10, 20, 110, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(Array.from(classifierWeights(withClassifier(undefined), inference).tensors['classifier.bias']!.data)).toEqual([10, 20, 30]);
});

it.each([{ names: ['negative', 'neutral', 'positive'] }, { names: ['entailment', 'not_entailment'] }])(
  'refuses a classifier of other labels, unless a new one is wanted: $names',
  ({ names }) => {
    expect(() => classifierWeights(withClassifier(names), inference)).toThrow(
      /the classifier of the checkpoint has \d labels .*, the task 3 labels .*--new-head/,
    );
    const { tensors, created } = classifierWeights(withClassifier(names), inference, { head: 'new' });
    expect(tensors['classifier.weight']!.shape).toEqual([3, 8]);
    expect(created).toEqual(['classifier.weight', 'classifier.bias']);
  },
);

it('makes a classifier by the seed, and a pooler where there is none', () => {
  const one = classifierWeights(tinyModel(), inference, { seed: 1 });
  expect(one.created).toEqual(['bert.pooler.dense.weight', 'bert.pooler.dense.bias', 'classifier.weight', 'classifier.bias']);
  expect(one.tensors['classifier.weight']).toEqual(classifierWeights(tinyModel(), inference, { seed: 1 }).tensors['classifier.weight']);
  expect(one.tensors['classifier.weight']).not.toEqual(classifierWeights(tinyModel(), inference, { seed: 2 }).tensors['classifier.weight']);
  expect(one.tensors['bert.encoder.layer.0.output.dense.weight']).toEqual(tinyModel().tensors['bert.encoder.layer.0.output.dense.weight']);
  expect(() => classifierWeights(tinyModel(), inference, { head: 'need' })).toThrow(/missing: bert\.pooler\.dense\.weight/);
});

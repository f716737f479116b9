import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLabelled } from '../src/node/read-labelled.js';

/** The labelled set of the examples: invented, 120 to train on and 40 to judge by. */
it('examples/reviews is balanced, has no sentence twice, and can be learnt from its words', async () => {
  const read = (name: string, task = {}) =>
    readLabelled(join(import.meta.dirname, '../../../examples/reviews', name), { text: 'sentence', label: 'label', ...task });
  const train = await read('train.tsv');
  const dev = await read('dev.tsv', { task: train.task });
  expect(train.task.target).toEqual({ kind: 'classes', labels: ['complaint', 'praise'] });
  expect([train, dev].map(({ examples }) => [examples.length, examples.filter(({ label }) => label === 1).length])).toEqual([
    [120, 60],
    [40, 20],
  ]);
  expect(new Set([...train.examples, ...dev.examples].map(({ texts }) => texts[0])).size).toBe(160);

  const withWord = (word: string, label: number): number =>
    train.examples.filter((one) => one.label === label && one.texts[0].split(' ').includes(word)).length;
  const right = dev.examples.filter(({ texts, label }) => {
    const odds = texts[0].split(' ').reduce((sum, word) => sum + Math.log((withWord(word, 1) + 1) / (withWord(word, 0) + 1)), 0);
    return odds > 0 === (label === 1);
  });
  expect(right.length / dev.examples.length).toBeGreaterThan(0.9); // by naive Bayes, which counts words
});

import { expect, test } from 'vitest';
import { residualMlp } from './testing/index.js';
import { createTrainer } from './trainer.js';

const [first] = residualMlp().blocks;

test.each<[string, unknown, string]>([
  ['nothing', undefined, "option 'learner': must be a learner"],
  ['a Promise of one', Promise.resolve(residualMlp()), "option 'learner': is a Promise: await the learner"],
  ['without data', { ...residualMlp(), data: undefined }, "option 'learner.data': expected object"],
  ['without batches', { ...residualMlp(), data: { ...residualMlp().data, batchesPerEpoch: 0 } }, "option 'learner.data.batchesPerEpoch'"],
  ['without an algebra', { ...residualMlp(), algebra: {} }, "option 'learner.algebra.run': must be a function"],
  ['without verbs for weights', { ...residualMlp(), weights: { copy: () => {} } }, "option 'learner.weights.norms': must be a function"],
  ['that cannot save', { ...residualMlp(), save: 3 }, "option 'learner.save': must be a function"],
  ['with two blocks of one name', { ...residualMlp(), blocks: [first, first] }, "option 'learner.blocks': must have different names"],
  ['with a block without a cost', { ...residualMlp(), blocks: [{ ...first, cost: undefined }] }, "option 'learner.blocks[0].cost': expected number"],
  ['with two sets of one name', { ...residualMlp(), evaluationSets: ['dev', 'dev'] }, "option 'learner.evaluationSets': must have different names"],
])('a learner %s is refused', (_, learner, words) => {
  const create = () => createTrainer({ learner, steps: 1, learningRate: 0.01 } as never);
  expect(create).toThrow(words);
  expect(create).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
});

test('a learner whose verbs are methods of a class is one', async () => {
  const plain = residualMlp();
  class Wrapped {
    readonly blocks = plain.blocks;
    readonly data = plain.data;
    readonly evaluationSets = plain.evaluationSets;
    readonly algebra = plain.algebra;
    readonly weights = plain.weights;
    gradients = plain.gradients;
    update = plain.update;
    evaluate = plain.evaluate;
    save() {
      return plain.save();
    }
    load = plain.load;
    dispose() {}
  }
  expect(await createTrainer({ learner: new Wrapped(), steps: 1, learningRate: 0.01 }).run()).toMatchObject({ steps: 1 });
});

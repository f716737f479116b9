import { describe, expect, it } from 'vitest';
import { bertPretraining } from '../pretraining/bert-pretraining.js';
import { corpusSets } from './corpus-sets.js';

const documents = Array.from({ length: 20 }, (_, i) => ({
  name: `${i}`,
  sentences: [`the state of the union is number ${i}`, 'we stand as one people', 'the work goes on'],
}));
const options = { source: documents, vocabSize: 200, sequenceLength: 16, batchSize: 4, heldOut: 0.2 } as const;

describe('a corpus as sets', () => {
  it('holds whole documents out, with masks that do not depend on the seed', async () => {
    const [one, two] = [await corpusSets({ ...options, seed: 1 }), await corpusSets({ ...options, seed: 2 })];
    expect(one.evaluation.heldOut.length).toBeGreaterThan(0);
    expect(one.evaluation).toEqual(two.evaluation);
    expect(one.train.batch(0)).not.toEqual(two.train.batch(0));
    expect(one.trainTokens).toBeGreaterThan(one.heldOutTokens);
    expect(one.heldOutTokens).toBeGreaterThan(0);
    expect(one.unigramEntropy).toBeGreaterThan(0);
  });

  it('evaluates as many batches as asked for', async () => {
    const { evaluation } = await corpusSets({ ...options, evaluationBatches: 1 });
    expect(evaluation.heldOut).toHaveLength(1);
  });

  it('gives a model its vocabulary and its length', async () => {
    const data = await corpusSets(options);
    const learner = await bertPretraining({ data, size: 'tiny', engine: 'wasm' });
    expect(learner.config).toMatchObject({ vocabSize: data.tokenizer.vocabSize, maxPositionEmbeddings: 16, hiddenSize: 128 });
    expect(learner.evaluationSets).toEqual(['heldOut']);
    learner.dispose();
  });
});

import { describe, expect, it } from 'vitest';
import { countingTokens, randomTokens, vocabulary } from '../../test/synthetic-corpus.js';
import { memoryTokens } from '../corpus/token-store.js';
import { evaluationBatches, unigramCounts, unigramEntropy, unigramFrequencies } from './evaluation.js';
import { pretrainingData } from './pretraining-data.js';

describe('evaluationBatches', () => {
  const tokens = countingTokens([[500], [480]]);
  const tokenizer = vocabulary(tokens.vocabSize);
  const options = { tokens, tokenizer, batchSize: 4, sequenceLength: 12 };

  it('holds full batches over the whole corpus, the same each time', () => {
    const batches = evaluationBatches(options);
    expect(batches).toEqual(evaluationBatches(options));
    expect(batches.length).toBe(24); // 50 + 48 windows in fours
    expect(batches.every(({ batchSize }) => batchSize === 4)).toBe(true);
    const firsts = batches.flatMap(({ inputIds, maskedPositions, maskedIds }) =>
      [0, 1, 2, 3].map((r) => (maskedPositions[r * 2] === 1 ? maskedIds[r * 2]! : inputIds[r * 12 + 1]!)),
    );
    expect(new Set(firsts.filter((id) => id > 4)).size).toBeGreaterThan(80);
  });

  it('spreads fewer batches evenly', () => {
    const batches = evaluationBatches({ ...options, batches: 3 });
    expect(batches.length).toBe(3);
    const documents = batches.map(({ maskedIds }) => (maskedIds[0]! < 505 ? 0 : 1));
    expect([documents[0], documents[2]]).toEqual([0, 1]);
  });

  it('makes smaller batches of few examples', () => {
    expect(evaluationBatches({ ...options, batchSize: 1000 }).map(({ batchSize }) => batchSize)).toEqual([98]);
  });

  it('draws masks that training does not', () => {
    const training = pretrainingData({ ...options, shuffle: false }).batch(0);
    const [evaluation] = evaluationBatches({ ...options, batches: 24 });
    expect(evaluation!.maskedPositions).not.toEqual(training.maskedPositions);
  });
});

describe('unigram statistics', () => {
  const tokens = memoryTokens([[[5, 5, 6]], [[5, 7]]], { vocabSize: 8 });

  it('count tokens and smooth shares', () => {
    expect([...unigramCounts(tokens)]).toEqual([0, 0, 0, 0, 0, 3, 1, 1]);
    expect([...unigramFrequencies(tokens)]).toEqual([1, 1, 1, 1, 1, 4, 2, 2].map((n) => n / 13));
  });

  it('give the loss of a model that reads nothing', () => {
    const batch = { ...evaluationBatches({ tokens, tokenizer: vocabulary(8), batchSize: 2, sequenceLength: 5, maskedPerRow: 2 })[0]! };
    const fixed = { ...batch, maskedIds: Int32Array.of(5, 6, 7, 0), maskedWeights: Float32Array.of(1, 1, 1, 0) };
    expect(unigramEntropy([fixed], unigramCounts(tokens))).toBeCloseTo(-(Math.log(4 / 13) + 2 * Math.log(2 / 13)) / 3, 6);
  });

  it('come near the entropy of a uniform corpus', () => {
    const uniformTokens = randomTokens([[50_000]], 105);
    const batches = evaluationBatches({ tokens: uniformTokens, tokenizer: vocabulary(105), batchSize: 16, sequenceLength: 64, batches: 4 });
    expect(unigramEntropy(batches, unigramCounts(uniformTokens))).toBeCloseTo(Math.log(100), 1);
  });
});

import { describe, expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { bertWeights, fromHubConfig, toHubConfig } from './hugging-face.js';
import { initializeBert } from './initialize.js';

const config = bertConfig({ hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, vocabSize: 20, maxPositionEmbeddings: 4, norm: 'post' });
const weights = initializeBert(config, 3);

describe('Hugging Face files', () => {
  it('describe a configuration that survives the way out and back', () => {
    expect(fromHubConfig(toHubConfig(config))).toEqual(config);
    expect(fromHubConfig(toHubConfig(bertConfig()))).toEqual(bertConfig());
  });

  it('are PostLN unless they say otherwise, and must be BERT', () => {
    const { norm, ...published } = toHubConfig(bertConfig()) as Record<string, unknown>;
    expect(norm).toBe('pre');
    expect(fromHubConfig(published).norm).toBe('post');
    expect(() => fromHubConfig({ ...published, model_type: 'gpt2' })).toThrow(/model_type/);
  });

  it('give their tensors to the model whatever the age of the names, less what it has no use for', () => {
    const old = Object.fromEntries(
      Object.entries(weights).map(([name, tensor]) => [
        name
          .replace(/^bert\./, '')
          .replace('LayerNorm.weight', 'LayerNorm.gamma')
          .replace('LayerNorm.bias', 'LayerNorm.beta'),
        tensor,
      ]),
    );
    const read = bertWeights({ ...old, 'cls.predictions.decoder.weight': weights['bert.embeddings.word_embeddings.weight']! }, config);
    expect(read).toEqual(weights);
    expect(Object.keys(read)).toEqual(Object.keys(weights));
  });

  it('name what is missing or misshapen', () => {
    const { 'cls.predictions.bias': bias, ...rest } = weights;
    expect(() => bertWeights(rest, config)).toThrow(/'cls.predictions.bias'/);
    expect(bertWeights(rest, config, { otherwise: weights })).toEqual(weights);
    expect(() => bertWeights({ ...rest, 'cls.predictions.bias': { shape: [21], data: new Float32Array(21) } }, config)).toThrow(/\[21\].*\[20\]/);
    expect(bias!.shape).toEqual([20]);
  });
});

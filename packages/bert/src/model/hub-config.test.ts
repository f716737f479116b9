import { HooklineError } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { fromHubConfig, toHubConfig } from './hub-config.js';

const published = {
  model_type: 'bert',
  hidden_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 512,
  vocab_size: 30522,
};

describe('config.json', () => {
  it.each(['pre', 'post'] as const)('survives the way out and back, norm %s', (norm) => {
    for (const padTokenId of [0, 7]) {
      const config = bertConfig({ norm, maxPositionEmbeddings: 40, layerNormEps: 1e-6, hiddenDropoutProb: 0.2 });
      expect(fromHubConfig(toHubConfig(config, { padTokenId }))).toMatchObject({
        config,
        positionOffset: norm === 'pre' ? padTokenId + 1 : 0,
        labels: undefined,
      });
    }
    const labels = { names: ['no', 'yes'] };
    expect(fromHubConfig(toHubConfig(bertConfig({ norm }), { head: 'classifier', labels })).labels).toEqual(labels);
    const score = { names: ['LABEL_0'], regression: true };
    expect(fromHubConfig(toHubConfig(bertConfig({ norm }), { head: 'classifier', labels: score })).labels).toEqual(score);
  });

  it('names the class of transformers that has the head', () => {
    const name = (norm: 'pre' | 'post', head: 'mlm' | 'pretraining' | 'classifier' | 'none') => toHubConfig(bertConfig({ norm }), { head })['architectures'];
    expect(name('post', 'pretraining')).toEqual(['BertForPreTraining']);
    expect(name('post', 'classifier')).toEqual(['BertForSequenceClassification']);
    expect(name('pre', 'mlm')).toEqual(['RobertaPreLayerNormForMaskedLM']);
    expect(name('pre', 'none')).toEqual(['RobertaPreLayerNormModel']);
  });

  it('has the defaults of transformers where keys are missing', () => {
    const { model_type: _, ...old } = published;
    expect(fromHubConfig(old)).toMatchObject({
      modelType: 'bert',
      config: { norm: 'post', maxPositionEmbeddings: 512, typeVocabSize: 2, layerNormEps: 1e-12 },
      positionOffset: 0,
    });
    const pre = fromHubConfig({ ...published, model_type: 'roberta-prelayernorm', max_position_embeddings: 514 });
    expect(pre).toMatchObject({ config: { norm: 'pre', maxPositionEmbeddings: 512 }, positionOffset: 2 });
    expect(fromHubConfig({ ...published, num_labels: 2 }).labels).toEqual({ names: ['LABEL_0', 'LABEL_1'] });
  });

  it.each([
    [{ model_type: 'gpt2' }, /model_type.*only 'bert'/],
    [{ hidden_act: 'relu' }, /hidden_act.*gelu/],
    [{ hidden_size: undefined }, /hidden_size/],
    [{ position_embedding_type: 'relative_key' }, /position_embedding_type.*absolute/],
    [{ is_decoder: true }, /is_decoder/],
    [{ num_attention_heads: 3 }, /hiddenSize 128 is no multiple of numAttentionHeads 3/],
    [{ id2label: { 0: 'a', 2: 'b' } }, /'id2label' has 2 labels and none with id 1/],
    [{ model_type: 'roberta-prelayernorm', max_position_embeddings: 2 }, /of 2 positions 2 are padding's/],
  ])('with %j is refused', (change, message) => {
    const attempt = () => fromHubConfig({ ...published, ...change }, 'a/config.json');
    expect(attempt).toThrow(HooklineError);
    expect(attempt).toThrow(message);
  });
});

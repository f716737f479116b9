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

  it('takes null for a key that is missing, and the class for the model type that is', () => {
    const nulls = { is_decoder: null, position_embedding_type: null, layer_norm_eps: null, id2label: null, architectures: null };
    expect(fromHubConfig({ ...published, ...nulls })).toEqual(fromHubConfig(published));
    const { model_type: _, ...old } = published;
    expect(fromHubConfig({ ...old, architectures: ['BertForPreTraining'] }).modelType).toBe('bert');
    expect(fromHubConfig({ ...old, architectures: ['RobertaPreLayerNormModel'] }).modelType).toBe('roberta-prelayernorm');
  });

  it('names labels by either key, and tells what is wrong with them without refusing the model', () => {
    const labels = (keys: object) => fromHubConfig({ ...published, ...keys }, 'a/config.json');
    expect(labels({ id2label: { 1: 1, 0: 0 } }).labels).toEqual({ names: ['0', '1'] });
    expect(labels({ label2id: { no: 1, yes: 0 } }).labels).toEqual({ names: ['yes', 'no'] });
    expect(labels({ label2id: { LABEL_0: 0, LABEL_1: 1 }, id2label: { 0: 'yes', 1: 'no' } }).labels).toEqual({ names: ['yes', 'no'] });
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ id2label: { 0: 'a', 2: 'b' } }, /a\/config\.json: 'id2label' has 2 labels and none with id 1; number them from 0 to 1/],
      [{ label2id: { a: 1, b: 2 } }, /'label2id' has 2 labels and none with id 0/],
      [{ id2label: ['a'] }, /id2label/],
      [{ id2label: { one: 'a' } }, /option 'id2label\.one'/],
    ];
    for (const [keys, message] of wrong) {
      const { config, labels: none, labelsFault } = labels(keys);
      expect([config.hiddenSize, none]).toEqual([128, undefined]);
      expect(labelsFault?.message).toMatch(message);
    }
  });

  it.each([
    [{ model_type: 'gpt2' }, /model_type.*only 'bert'/],
    [{ hidden_act: 'relu' }, /hidden_act.*gelu/],
    [{ hidden_size: undefined }, /hidden_size/],
    [{ position_embedding_type: 'relative_key' }, /position_embedding_type.*absolute/],
    [{ is_decoder: true }, /is_decoder/],
    [{ num_attention_heads: 3 }, /hiddenSize 128 is no multiple of numAttentionHeads 3/],
    [{ model_type: undefined, architectures: ['RobertaForMaskedLM'] }, /no 'model_type', and the architecture is RobertaForMaskedLM/],
    [{ model_type: 'roberta-prelayernorm', max_position_embeddings: 2 }, /of 2 positions 2 are padding's/],
  ])('with %j is refused', (change, message) => {
    const attempt = () => fromHubConfig({ ...published, ...change }, 'a/config.json');
    expect(attempt).toThrow(HooklineError);
    expect(attempt).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { fileName, ownName, ownTensors, withoutRows, withZeroRows } from './hub-names.js';
import { parameterShapes } from './parameters.js';

const names = (norm: 'pre' | 'post') => Object.keys(parameterShapes(bertConfig({ size: 'tiny', norm }), { nsp: norm === 'post', pooler: true, labels: 3 }));

describe('names in files', () => {
  it.each([
    ['post', 'bert'],
    ['pre', 'roberta-prelayernorm'],
  ] as const)('of norm %s lead there and back, one to one', (norm, type) => {
    for (const classifier of [true, false]) {
      const files = names(norm).map((name) => fileName(type, name, classifier));
      expect(files.map((name) => ownName(type, name))).toEqual(names(norm));
      expect(new Set(files).size).toBe(files.length);
    }
  });

  it('of PreLN models are those of transformers', () => {
    const of = (name: string) => fileName('roberta-prelayernorm', name);
    expect(of('bert.encoder.layer.1.attention.output.LayerNorm.bias')).toBe('roberta_prelayernorm.encoder.layer.1.attention.LayerNorm.bias');
    expect(of('bert.encoder.layer.1.output.LayerNorm.weight')).toBe('roberta_prelayernorm.encoder.layer.1.intermediate.LayerNorm.weight');
    expect(of('bert.encoder.layer.1.output.dense.weight')).toBe('roberta_prelayernorm.encoder.layer.1.output.dense.weight');
    expect(of('bert.encoder.final_layer_norm.weight')).toBe('roberta_prelayernorm.LayerNorm.weight');
    expect(of('bert.embeddings.LayerNorm.weight')).toBe('roberta_prelayernorm.embeddings.LayerNorm.weight');
    expect(of('bert.pooler.dense.bias')).toBe('roberta_prelayernorm.pooler.dense.bias');
    expect(of('cls.predictions.transform.LayerNorm.weight')).toBe('lm_head.layer_norm.weight');
    expect(of('cls.predictions.transform.dense.weight')).toBe('lm_head.dense.weight');
    expect(of('cls.predictions.bias')).toBe('lm_head.bias');
    expect(fileName('roberta-prelayernorm', 'bert.pooler.dense.bias', true)).toBe('classifier.dense.bias');
    expect(fileName('roberta-prelayernorm', 'classifier.weight', true)).toBe('classifier.out_proj.weight');
  });

  it('may lack the prefix, be of TensorFlow times, or stand for a tied tensor', () => {
    expect(ownName('bert', 'embeddings.LayerNorm.gamma')).toBe('bert.embeddings.LayerNorm.weight');
    expect(ownName('bert', 'bert.encoder.layer.0.output.LayerNorm.beta')).toBe('bert.encoder.layer.0.output.LayerNorm.bias');
    expect(ownName('bert', 'cls.predictions.decoder.bias')).toBe('cls.predictions.bias');
    expect(ownName('roberta-prelayernorm', 'LayerNorm.weight')).toBe('bert.encoder.final_layer_norm.weight');
    expect(ownName('roberta-prelayernorm', 'encoder.layer.0.attention.LayerNorm.weight')).toBe('bert.encoder.layer.0.attention.output.LayerNorm.weight');
    expect(ownName('roberta-prelayernorm', 'lm_head.decoder.bias')).toBe('cls.predictions.bias');
    expect(ownName('roberta-prelayernorm', 'lm_head.decoder.weight')).toBe('cls.predictions.decoder.weight');
    expect(ownName('bert', 'something.else')).toBe('something.else');
  });

  it('of one parameter may be several where the numbers are the same', () => {
    const tensor = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
    const [one, copy, other] = ['cls.predictions.bias', 'cls.predictions.decoder.bias', 'embeddings.LayerNorm.gamma'];
    const file = { [one]: tensor(1, 2), [copy]: tensor(1, 2), [other]: tensor(1), 'bert.embeddings.LayerNorm.weight': tensor(2) };
    const { tensors, conflicts } = ownTensors(file, 'bert');
    expect([...conflicts]).toEqual([['bert.embeddings.LayerNorm.weight', [other, 'bert.embeddings.LayerNorm.weight']]]);
    expect([...tensors.keys()]).toEqual([one, 'bert.embeddings.LayerNorm.weight']);
    expect([...ownTensors({ ...file, [copy]: tensor(1, 2, 3) }, 'bert').conflicts.keys()]).toContain(one);
  });

  it('leave buffers out', () => {
    const tensor = { shape: [1], data: Float32Array.of(1) };
    const { tensors, fileNames } = ownTensors({ 'embeddings.position_ids': tensor, 'embeddings.word_embeddings.weight': tensor }, 'bert');
    expect([...tensors.keys()]).toEqual(['bert.embeddings.word_embeddings.weight']);
    expect(fileNames.get('bert.embeddings.word_embeddings.weight')).toBe('embeddings.word_embeddings.weight');
  });
});

it('tables of positions gain and lose the rows before position 0', () => {
  const table = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  expect(withZeroRows(table, 1)).toEqual({ shape: [3, 2], data: Float32Array.of(0, 0, 1, 2, 3, 4) });
  expect(withoutRows(withZeroRows(table, 3), 3)).toEqual(table);
});

import type { Tensors } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { bertConfig } from './config.js';
import { initializeBert } from './initialize.js';
import { parameterShapes } from './parameters.js';
import { bertWeights, fitWeights } from './weights.js';

const config = bertConfig({ hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, vocabSize: 20, maxPositionEmbeddings: 4, norm: 'post' });
const all = initializeBert(config, 3, { heads: { nsp: true, labels: 3 } });
const found = (tensors: Tensors = all) => new Map(Object.entries(tensors));
const without = (start: string): Tensors => Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith(start)));
const zeros = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });

describe('fitWeights', () => {
  it('keeps every head that is there, and the numbers as they are', () => {
    const fitted = fitWeights(found(), config);
    expect(fitted).toEqual({ tensors: all, heads: { mlm: true, nsp: true, pooler: true, labels: 3 }, created: [], surplus: [] });
    expect(fitted.tensors['classifier.weight']!.data).toBe(all['classifier.weight']!.data);
    expect(fitWeights(found(without('cls.')), config).heads).toMatchObject({ mlm: false, nsp: false, pooler: true });
  });

  it('drops heads without a word', () => {
    const fitted = fitWeights(found(), config, { wishes: { mlm: 'drop', nsp: 'drop', classifier: 'drop', pooler: 'drop' } });
    expect(Object.keys(fitted.tensors)).toEqual(Object.keys(parameterShapes(config, { nsp: false, mlm: false })));
    expect(fitted.surplus).toEqual([]);
    expect(fitWeights(found(), config, { wishes: { nsp: 'drop', classifier: 'need', pooler: 'drop' } }).heads).toMatchObject({ nsp: false, pooler: true });
  });

  it('creates heads that are asked for and not there, with the pooler under them', () => {
    const fitted = fitWeights(found(without('bert.pooler')), config, { wishes: { nsp: 'drop', classifier: 'create', mlm: 'create' }, seed: 5 });
    expect(fitted.created).toEqual(['bert.pooler.dense.weight', 'bert.pooler.dense.bias']);
    const seeded = initializeBert(config, 5, { heads: { nsp: false, labels: 3 } });
    expect(fitted.tensors['bert.pooler.dense.weight']).toEqual(seeded['bert.pooler.dense.weight']);
    const fresh = fitWeights(found(without('classifier')), config, { wishes: { classifier: 'create' }, labels: 2 });
    expect(fresh.heads.labels).toBe(2);
    expect(fresh.created).toEqual(['classifier.weight', 'classifier.bias']);
  });

  it('leaves out a classifier of tokens, which has no pooler, and says so', () => {
    const fitted = fitWeights(found(without('bert.pooler')), config, { wishes: { nsp: 'drop' }, labels: 3 });
    expect(fitted.heads).toEqual({ mlm: true, nsp: false, pooler: false, labels: undefined });
    expect(fitted.surplus).toEqual(['classifier.weight', 'classifier.bias']);
    expect(fitWeights(found(without('bert.pooler')), config, { wishes: { nsp: 'drop', classifier: 'drop' } }).surplus).toEqual([]);
    expect(() => fitWeights(found(without('bert.pooler')), config, { wishes: { nsp: 'drop', classifier: 'need' } })).toThrow(/missing: bert\.pooler/);
  });

  it('names everything that does not fit, by the names of the file', () => {
    const { 'cls.predictions.bias': _, ...rest } = without('bert.pooler.dense.weight');
    const bad = { ...rest, 'bert.encoder.layer.1.x': zeros(1), more: zeros(1), 'cls.seq_relationship.bias': zeros(3) };
    const attempt = () => fitWeights(found(bad), config, { source: 'FOLDER', fileName: (name) => name.replace('bert.', 'b/') });
    expect(attempt).toThrow(
      /FOLDER do not fit.*missing: cls\.predictions\.bias, b\/pooler\.dense\.weight; surplus: b\/encoder\.layer\.1\.x, more; of another shape: cls\.seq_relationship\.bias \[3\] where the model needs \[2\]/,
    );
    expect(attempt).toThrow(expect.objectContaining({ code: 'HOOKLINE_BERT_WEIGHTS' }));
    const allowed = fitWeights(found(bad), config, { allow: ['missing', 'surplus', 'shape'], seed: 3 });
    expect(allowed.tensors).toEqual(initializeBert(config, 3, { heads: { nsp: true, labels: 3 } }));
    expect(allowed.created).toEqual(['cls.predictions.bias', 'bert.pooler.dense.weight', 'cls.seq_relationship.bias']);
    expect(allowed.surplus).toEqual(['bert.encoder.layer.1.x', 'more']);
  });

  it('says what a needed head lacks, and another number of labels', () => {
    expect(() => fitWeights(found(without('classifier')), config, { wishes: { classifier: 'need' } })).toThrow(/missing: classifier\.weight, classifier\.bias/);
    expect(() => fitWeights(found(without('bert.pooler')), config, { wishes: { pooler: 'need', nsp: 'create' } })).toThrow(/missing: bert\.pooler/);
    expect(() => fitWeights(found(), config, { labels: 2 })).toThrow(/classifier\.weight \[3, 8\] where the model needs \[2, 8\]/);
  });

  it('takes a tied decoder, and refuses one that is not, unless its head is dropped', () => {
    const table = all['bert.embeddings.word_embeddings.weight']!;
    const tied = { ...all, 'cls.predictions.decoder.weight': { ...table, data: table.data.slice() } };
    expect(fitWeights(found(tied), config).tensors).toEqual(all);
    const untied = found({ ...all, 'cls.predictions.decoder.weight': { ...table, data: table.data.map((x, i) => (i === 9 ? x + 1 : x)) } });
    expect(() => fitWeights(untied, config)).toThrow(/cls\.predictions\.decoder\.weight is not the table of word embeddings/);
    expect(fitWeights(untied, config, { wishes: { mlm: 'drop' } }).heads.mlm).toBe(false);
  });
});

describe('bertWeights', () => {
  it('leaves out the heads that a model does not have, and needs the others', () => {
    expect(Object.keys(bertWeights(all, config))).toEqual(Object.keys(parameterShapes(config)));
    expect(Object.keys(bertWeights(all, config, { nsp: false, mlm: false, labels: 3 }))).toEqual(
      Object.keys(parameterShapes(config, { nsp: false, mlm: false, labels: 3 })),
    );
    expect(() => bertWeights(without('bert.pooler'), config)).toThrow(/missing: bert\.pooler/);
  });
});

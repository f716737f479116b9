import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type NamedTensor, type Tensors } from '@hookline/core';
import { fileStore } from '@hookline/core/node';
import { describe, expect, it } from 'vitest';
import { folder } from '../../../test/folder.js';
import { bertConfig } from '../../model/config.js';
import { foldGains } from '../../model/fold-gains.js';
import type { HubHead } from '../../model/hub-config.js';
import { initializeBert } from '../../model/initialize.js';
import { specialTokens } from '../../tokenizer/vocabulary.js';
import { wordPiece } from '../../tokenizer/wordpiece.js';
import { readPretrained } from './read-pretrained.js';
import { type RunModel, readRunModel, writeRunModel } from './run.js';
import { writePretrained } from './write-pretrained.js';

const tokenizer = wordPiece([...specialTokens, 'a', 'b', '##c', 'the', 'state']);
const sizes = { hiddenSize: 8, numHiddenLayers: 2, numAttentionHeads: 2, vocabSize: 10, maxPositionEmbeddings: 6 } as const;

/** A folder with a model as `writePretrained` writes it, and what is in it. */
async function model(norm: 'pre' | 'post' = 'post', head: HubHead = 'mlm') {
  const config = bertConfig({ ...sizes, norm });
  const heads = { mlm: head === 'mlm' || head === 'pretraining', nsp: head === 'pretraining', pooler: head === 'none', labels: head === 'classifier' ? 3 : 0 };
  const tensors = initializeBert(config, 1, { heads });
  const path = join(folder(), 'model');
  await writePretrained(path, { config, tensors, tokenizer, head, ...(head === 'classifier' ? { labels: { names: ['x', 'y', 'z'] } } : {}) });
  return { config, tensors, path };
}

const weights = (path: string): Tensors => decodeSafetensors(readFileSync(join(path, 'model.safetensors'))).tensors;
const rewrite = (path: string, tensors: Tensors): void => writeFileSync(join(path, 'model.safetensors'), encodeSafetensors(tensors));
const change = (path: string, keys: Readonly<Record<string, unknown>>): void => {
  const file = join(path, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...keys }));
};

/** The bytes of a safetensors file whose numbers are stored in 16 bits. */
function halves(tensors: Tensors, dtype: 'F16' | 'BF16', bits: (value: number) => number): Uint8Array {
  let end = 0;
  const header = Object.entries(tensors).map(([name, { shape, data }]) => {
    const begin = end;
    end += 2 * data.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)).padEnd(8 * 1024));
  const numbers = Uint16Array.from(Object.values(tensors).flatMap(({ data }) => Array.from(data, bits)));
  const bytes = new Uint8Array(8 + json.length + numbers.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(numbers.buffer), 8 + json.length);
  return bytes;
}

describe('folders of Hugging Face', () => {
  it.each([
    ['post', 'mlm'],
    ['post', 'pretraining'],
    ['post', 'classifier'],
    ['post', 'none'],
    ['pre', 'mlm'],
    ['pre', 'classifier'],
    ['pre', 'none'],
  ] as const)('norm %s with head %s is read back bit for bit', async (norm, head) => {
    const { config, tensors, path } = await model(norm, head);
    const notices: string[] = [];
    const read = await readPretrained(path, { onNotice: (line) => notices.push(line) });
    expect(read.config).toEqual(config);
    expect(read.tensors).toEqual(tensors);
    expect(Object.keys(read.tensors)).toEqual(Object.keys(tensors));
    expect(read.vocabulary).toEqual(tokenizer.vocabulary);
    expect(read.tokenizer.fingerprint).toBe(tokenizer.fingerprint);
    expect(read.labels).toEqual(head === 'classifier' ? { names: ['x', 'y', 'z'] } : undefined);
    expect(notices).toEqual([]);
  });

  it('come with the prefix or without it, and with a copy of the tied table', async () => {
    const { tensors, path } = await model('post', 'mlm');
    const file = weights(path);
    const bare = Object.entries(file).map(([name, tensor]): [string, NamedTensor] => [name.replace(/^bert\./, ''), tensor]);
    const ids = { shape: [1, 6], data: Int32Array.from([0, 1, 2, 3, 4, 5]) };
    rewrite(path, {
      ...Object.fromEntries(bare),
      'cls.predictions.decoder.weight': file['bert.embeddings.word_embeddings.weight']!,
      'cls.predictions.decoder.bias': file['cls.predictions.bias']!,
      'embeddings.position_ids': ids,
    });
    expect((await readPretrained(path)).tensors).toEqual(tensors);
  });

  it('come in shards', async () => {
    const { tensors, path } = await model();
    const entries = Object.entries(weights(path));
    const shards = [entries.slice(0, 9), entries.slice(9)].map((part) => Object.fromEntries(part));
    const map = shards.flatMap((shard, i) => Object.keys(shard).map((name) => [name, `model-0000${i + 1}-of-00002.safetensors`]));
    const sharded = folder({
      'config.json': readFileSync(join(path, 'config.json')),
      'vocab.txt': readFileSync(join(path, 'vocab.txt')),
      'model-00001-of-00002.safetensors': encodeSafetensors(shards[0]!),
      'model-00002-of-00002.safetensors': encodeSafetensors(shards[1]!),
      'model.safetensors.index.json': JSON.stringify({ metadata: {}, weight_map: Object.fromEntries(map) }),
    });
    expect((await readPretrained(sharded)).tensors).toEqual(tensors);
    writeFileSync(join(sharded, 'model-00002-of-00002.safetensors'), encodeSafetensors({ other: { shape: [1], data: Float32Array.of(1) } }));
    await expect(readPretrained(sharded)).rejects.toThrow(/model-00002-of-00002\.safetensors lacks what .*index\.json says is in it: \S+, /);
    writeFileSync(join(sharded, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { a: '../outside' } }));
    await expect(readPretrained(sharded)).rejects.toThrow(/names '\.\.\/outside', which is not a file beside it/);
    writeFileSync(join(sharded, 'model.safetensors.index.json'), '{}');
    await expect(readPretrained(sharded)).rejects.toThrow(/has no 'weight_map'/);
  });

  it.each([
    ['BF16', (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16],
    ['F16', (value: number) => (value === 0 ? 0 : value === 1 ? 0x3c00 : value < 0 ? 0xa800 : 0x2800)], // ±2^-5
  ] as const)('in %s widen exactly', async (dtype, bits) => {
    const { tensors, path } = await model();
    writeFileSync(join(path, 'model.safetensors'), halves(weights(path), dtype, bits));
    const read = await readPretrained(path);
    for (const [name, { data }] of Object.entries(read.tensors)) {
      expect(data).toBeInstanceOf(Float32Array);
      const expected = Float32Array.from(tensors[name]!.data, (value) => {
        if (dtype === 'BF16') return new Float32Array(Uint32Array.of(bits(value) << 16).buffer)[0]!;
        return value === 0 || value === 1 ? value : Math.sign(value) * 2 ** -5;
      });
      expect(data, name).toEqual(expected);
    }
  });

  it('say in a line what is made anew', async () => {
    const { config, tensors, path } = await model('pre', 'mlm');
    const notices: string[] = [];
    const options = { heads: { classifier: 'create', mlm: 'drop' }, labels: 2, seed: 7, onNotice: (line: string) => notices.push(line) } as const;
    const read = await readPretrained(path, options);
    expect(notices).toEqual([
      `${path}: made anew, untrained: roberta_prelayernorm.pooler.dense.weight, roberta_prelayernorm.pooler.dense.bias, classifier.out_proj.weight, classifier.out_proj.bias`,
    ]);
    expect(read.tensors).toEqual({
      ...initializeBert(config, 7, { heads: { nsp: false, mlm: false, labels: 2 } }),
      ...Object.fromEntries(Object.entries(tensors).filter(([name]) => name.startsWith('bert.'))),
    });
    expect(read.created).toEqual(['bert.pooler.dense.weight', 'bert.pooler.dense.bias', 'classifier.weight', 'classifier.bias']);
    expect(read.labels).toBeUndefined();
    await expect(readPretrained(path, { heads: { classifier: 'create' } })).rejects.toThrow(/labels is not given/);
  });

  it('name the labels of their classifier, as many as it has rows', async () => {
    const { path } = await model('post', 'classifier');
    change(path, { id2label: null });
    expect((await readPretrained(path)).labels).toEqual({ names: ['x', 'y', 'z'] });
    change(path, { label2id: null });
    expect((await readPretrained(path)).labels).toEqual({ names: ['LABEL_0', 'LABEL_1', 'LABEL_2'] });
    change(path, { id2label: { 0: 'a', 1: 'b' } });
    await expect(readPretrained(path)).rejects.toThrow(/classifier\.weight \[3, 8\] where the model needs \[2, 8\]/);
    expect((await readPretrained(path, { heads: { classifier: 'drop' } })).labels).toBeUndefined();
    change(path, { id2label: { 0: 'a', 1: 'b', 3: 'c' } });
    await expect(readPretrained(path)).rejects.toThrow(/'id2label' has 3 labels and none with id 2/);
    expect((await readPretrained(path, { heads: { classifier: 'drop' } })).heads.labels).toBeUndefined();
  });

  it('have a classifier of tokens: it is left out, and the pooler is not missed', async () => {
    const { path } = await model('post', 'classifier');
    const notices: string[] = [];
    rewrite(path, Object.fromEntries(Object.entries(weights(path)).filter(([name]) => !name.includes('pooler'))));
    const read = await readPretrained(path, { heads: { mlm: 'drop', nsp: 'drop' }, onNotice: (line) => notices.push(line) });
    expect([read.heads.pooler, read.heads.labels, read.labels]).toEqual([false, undefined, undefined]);
    expect(notices).toEqual([`${path}: left out: classifier.bias, classifier.weight`]);
  });

  it('are refused where two tensors are one parameter, or numbers are none', async () => {
    const { path } = await model();
    const file = weights(path);
    const [name, tensor] = Object.entries(file).find(([key]) => key.endsWith('embeddings.LayerNorm.weight'))!;
    const altered = (value: number): NamedTensor => ({ shape: tensor.shape, data: Float32Array.from(tensor.data, (w, i) => (i === 3 ? value : w)) });
    rewrite(path, { ...file, 'embeddings.LayerNorm.gamma': altered(1) });
    expect((await readPretrained(path)).created).toEqual([]);
    rewrite(path, { ...file, 'embeddings.LayerNorm.gamma': altered(2) });
    await expect(readPretrained(path)).rejects.toThrow(
      /in \S+, bert\.embeddings\.LayerNorm\.weight and embeddings\.LayerNorm\.gamma are the same parameter, with other numbers/,
    );
    rewrite(path, { ...file, [name]: altered(Number.NaN) });
    const attempt = readPretrained(path);
    await expect(attempt).rejects.toThrow(/numbers are infinite or NaN: bert\.embeddings\.LayerNorm\.weight; fetch it again/);
    await expect(attempt).rejects.toMatchObject({ code: 'HOOKLINE_BERT_WEIGHTS' });
  });

  it('may be allowed to have what the model has not, and the other way', async () => {
    const { path } = await model();
    change(path, { num_hidden_layers: 1, intermediate_size: 16 });
    await expect(readPretrained(path)).rejects.toThrow(
      /surplus: .*layer\.1\..*of another shape: .*intermediate\.dense\.weight \[32, 8\] where the model needs \[16, 8\]/,
    );
    const notices: string[] = [];
    await readPretrained(path, { allow: ['surplus', 'shape'], onNotice: (line) => notices.push(line) });
    expect(notices).toEqual([
      expect.stringContaining(`${path}: made anew, untrained: bert.encoder.layer.0.intermediate`),
      expect.stringContaining(`${path}: left out: bert.encoder.layer.1`),
    ]);
  });

  it('have a vocabulary of their own size, or a table that is allowed to be padded', async () => {
    const { path } = await model();
    const shorter = join(folder({ 'vocab.txt': [...specialTokens, 'a', 'b'].join('\n') }), 'vocab.txt');
    await expect(readPretrained(path, { vocabulary: shorter })).rejects.toThrow(/has 7 tokens, the model 10 word embeddings/);
    expect((await readPretrained(path, { vocabulary: shorter, allow: ['vocabulary'] })).vocabulary).toHaveLength(7);
    const longer = join(folder({ 'vocab.txt': [...tokenizer.vocabulary, 'more'].join('\n') }), 'vocab.txt');
    const attempt = readPretrained(path, { vocabulary: longer, allow: ['vocabulary'] });
    await expect(attempt).rejects.toMatchObject({ code: 'HOOKLINE_VOCABULARY' });
  });

  it('have as many positions as are asked for', async () => {
    const { path } = await model('pre');
    expect((await readPretrained(path, { positions: 6 })).config.maxPositionEmbeddings).toBe(6);
    await expect(readPretrained(path, { positions: 7 })).rejects.toMatchObject({ code: 'HOOKLINE_BERT_POSITIONS' });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['weights of PyTorch', { 'config.json': '{}', 'pytorch_model.bin': '' }, /holds pytorch_model\.bin, and no model\.safetensors; convert it .*python -c/],
    ['weights of TensorFlow', { 'config.json': '{}', 'tf_model.h5': '' }, /holds tf_model\.h5, .*BertForMaskedLM as M; .*from_tf=True/],
    ['no weights', { 'config.json': '{}' }, /has no model\.safetensors/],
    ['no configuration', { 'vocab.txt': '' }, /config\.json cannot be read \(ENOENT\)/],
    ['a configuration that is not JSON', { 'config.json': '{' }, /config\.json is not JSON/],
  ])('with %s are refused', async (_, files, message) => {
    const { path } = await model();
    const complete = { ...files, ...(files['config.json'] === '{}' ? { 'config.json': readFileSync(join(path, 'config.json'), 'utf8') } : {}) };
    const attempt = readPretrained(folder(complete));
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toMatchObject({ code: 'HOOKLINE_PRETRAINED' });
  });

  it('that are damaged are named', async () => {
    const { path } = await model();
    writeFileSync(join(path, 'model.safetensors'), readFileSync(join(path, 'model.safetensors')).subarray(0, 1000));
    await expect(readPretrained(path)).rejects.toThrow(/model\.safetensors: safetensors: cut short/);
    await expect(readPretrained(join(path, 'config.json'))).rejects.toThrow(/is a file/);
  });
});

describe('runs', () => {
  const config = bertConfig({ ...sizes, vocabSize: 12, norm: 'pre' });
  const tensors = initializeBert(config, 4, { heads: { nsp: false } });
  const run = async (directory: string, more: Pick<RunModel, 'evaluationGains'> = {}): Promise<string> => {
    writeRunModel(directory, { config, tokenizer, ...more });
    const weights = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`weights/${name}`, tensor]));
    await fileStore(join(directory, 'checkpoints')).save({ step: 1, position: 1, tensors: weights, plugins: {}, config: {}, metrics: {} });
    return directory;
  };

  it('whose table is padded were allowed to when they began, with their own vocabulary', async () => {
    const path = await run(join(folder(), 'run'));
    const read = await readPretrained(path);
    expect([read.config.vocabSize, read.tokenizer.vocabSize, read.evaluationGains]).toEqual([12, 10, undefined]);
    expect(read.tensors).toEqual(tensors);
    const attempt = readPretrained(path, { vocabulary: join(path, 'tokenizer') });
    await expect(attempt).rejects.toMatchObject({ code: 'HOOKLINE_VOCABULARY' });
  });

  it('that are evaluated under gains have them inside their weights', async () => {
    const evaluationGains = [
      { attention: 1, ffn: 0.75 },
      { attention: 0.5, ffn: 0.5 },
    ];
    const path = await run(join(folder(), 'run'), { evaluationGains });
    const read = await readPretrained(path);
    expect(read.tensors).toEqual(foldGains(tensors, evaluationGains));
    expect(read.evaluationGains).toEqual(evaluationGains);
    expect((await readRunModel(path)).evaluationGains).toEqual(evaluationGains);
  });

  it('of several seeds are named', async () => {
    const path = folder();
    await run(join(path, 'seed-10'));
    const attempt = readPretrained(path);
    await expect(attempt).rejects.toThrow(/is no model, but holds the run seed-10; give one of them: .*seed-10$/);
    await run(join(path, 'seed-9'));
    await expect(readPretrained(path)).rejects.toThrow(/is no model, but holds runs seed-9, seed-10; give one of them: .*seed-9$/);
    await expect(attempt).rejects.toMatchObject({ code: 'HOOKLINE_PRETRAINED' });
  });
});

describe('writePretrained', () => {
  it('refuses what it cannot write, and leaves nothing behind', async () => {
    const { config, tensors, path } = await model();
    const parent = folder();
    const given = { config, tensors, tokenizer, head: 'mlm' } as const;
    const { 'cls.predictions.bias': _, ...rest } = tensors;
    await expect(writePretrained(path, given)).rejects.toMatchObject({ code: 'HOOKLINE_OUTPUT_EXISTS' });
    await expect(writePretrained(join(parent, 'm'), { ...given, tensors: rest })).rejects.toThrow(/missing: cls\.predictions\.bias/);
    await expect(writePretrained(join(parent, 'm'), { ...given, head: 'classifier' })).rejects.toThrow(/missing: bert\.pooler/);
    await expect(writePretrained(join(parent, 'm'), { ...given, labels: { names: ['a'] } })).rejects.toThrow(/1 labels and no rows/);
    await expect(writePretrained(join(parent, 'm'), { ...given, config: { ...config, norm: 'pre' }, head: 'pretraining' })).rejects.toThrow(
      /no head for sentence pairs/,
    );
    await expect(writePretrained(join(parent, 'm'), { ...given, tokenizer: wordPiece([...tokenizer.vocabulary, 'more']) })).rejects.toThrow(/11 tokens/);
    writeFileSync(join(parent, 'file'), '');
    await expect(writePretrained(join(parent, 'file', 'm'), given)).rejects.toMatchObject({ code: 'HOOKLINE_WRITE' });
    expect(readdirSync(parent)).toEqual(['file']);
    mkdirSync(join(parent, 'empty'));
    await writePretrained(join(parent, 'empty'), given);
    expect(readdirSync(join(parent, 'empty')).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt']);
  });
});

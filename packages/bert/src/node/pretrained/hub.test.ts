import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { folder } from '../../../test/folder.js';
import { commit, type HubSetting, hubServer } from '../../../test/hub-server.js';
import { bertConfig } from '../../model/config.js';
import { initializeBert } from '../../model/initialize.js';
import { specialTokens } from '../../tokenizer/vocabulary.js';
import { wordPiece } from '../../tokenizer/wordpiece.js';
import { parseHubName } from './hub-name.js';
import { readPretrained } from './read-pretrained.js';
import { writePretrained } from './write-pretrained.js';

const tokenizer = wordPiece([...specialTokens, 'a', 'b']);
const config = bertConfig({ norm: 'post', hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, vocabSize: 7, maxPositionEmbeddings: 6 });
const tensors = initializeBert(config, 1, { heads: { nsp: false } });

/** The files of a model as they lie on the hub. */
async function modelFiles(): Promise<Record<string, Uint8Array>> {
  const path = join(folder(), 'model');
  await writePretrained(path, { config, tensors, tokenizer, head: 'mlm' });
  return Object.fromEntries(readdirSync(path).map((file) => [file, new Uint8Array(readFileSync(join(path, file)))]));
}

async function setUp(setting: Omit<HubSetting, 'files'> & { readonly files?: Record<string, Uint8Array> } = {}) {
  const files = setting.files ?? (await modelFiles());
  const server = await hubServer({ ...setting, files });
  const cacheDirectory = folder();
  const notices: string[] = [];
  const read = (name = 'someone/tiny') =>
    readPretrained(name, { hub: { endpoint: server.endpoint, cacheDirectory, pause: 1 }, onNotice: (line) => notices.push(line) });
  const storage = join(cacheDirectory, 'models--someone--tiny');
  const bytesOf = (file: string) => server.requests.filter((line) => line.includes(`/resolve/${commit}/${file}`) && !line.endsWith('bytes=0-0'));
  return { files, server, read, notices, storage, blobs: () => readdirSync(join(storage, 'blobs')), bytesOf };
}

describe('a model on the hub', () => {
  it('is fetched into the cache that all tools share, once', async () => {
    const { server, read, storage, notices } = await setUp();
    const first = await read();
    expect(first.tensors).toEqual(tensors);
    expect(first.origin).toEqual({ kind: 'hub', path: join(storage, 'snapshots', commit) });
    expect(readFileSync(join(storage, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(readdirSync(join(storage, 'snapshots', commit)).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
    expect(notices).toEqual([`fetching someone/tiny from ${server.endpoint} into ${storage}`]);
    server.requests.length = 0;
    await read();
    expect(server.requests).toEqual(['GET /api/models/someone/tiny/revision/main', `GET /api/models/someone/tiny/tree/${commit}`]);
    server.requests.length = 0;
    await read(`someone/tiny@${commit}`);
    expect(server.requests).toEqual([]);
    await server.close();
    expect((await read()).tensors).toEqual(tensors);
    expect(notices.at(-1)).toMatch(/cannot be reached; someone\/tiny is taken from/);
  });

  it('may come in shards', async () => {
    const { 'model.safetensors': whole, ...files } = await modelFiles();
    const entries = Object.entries(decodeSafetensors(whole!).tensors);
    const shards = { 'a.safetensors': entries.slice(0, 4), 'b.safetensors': entries.slice(4) };
    const map = Object.entries(shards).flatMap(([file, part]) => part.map(([name]) => [name, file]));
    const index = new TextEncoder().encode(JSON.stringify({ weight_map: Object.fromEntries(map) }));
    const encoded = Object.entries(shards).map(([file, part]) => [file, encodeSafetensors(Object.fromEntries(part))]);
    const { read } = await setUp({ files: { ...files, 'model.safetensors.index.json': index, ...Object.fromEntries(encoded) } });
    expect((await read()).tensors).toEqual(tensors);
  });

  it('goes on where a connection was cut off', async () => {
    const { read, bytesOf, notices } = await setUp({ cut: { 'model.safetensors': { after: 3000, times: 2 } } });
    expect((await read()).tensors).toEqual(tensors);
    expect(bytesOf('model.safetensors').map((line) => / bytes=(\d+)-/.exec(line)?.[1])).toEqual([undefined, '3000', '6000']);
    expect(notices.slice(1)).toEqual([
      expect.stringMatching(/^model\.safetensors of \w+: .+; attempt 2 goes on from byte 3000$/),
      expect.stringMatching(/attempt 3 goes on from byte 6000$/),
    ]);
  });

  it('that is cut off too often is an error, and a later call goes on', async () => {
    const { read, bytesOf, blobs } = await setUp({ cut: { 'model.safetensors': { after: 1000, times: 3 } } });
    await expect(read()).rejects.toMatchObject({
      code: 'HOOKLINE_DOWNLOAD',
      message: expect.stringMatching(/in 3 attempts: .*; .* 3000 of \d+ bytes .* kept$/),
    });
    expect(blobs().filter((name) => name.endsWith('.incomplete'))).toHaveLength(1);
    expect((await read()).tensors).toEqual(tensors);
    expect(bytesOf('model.safetensors').at(-1)).toMatch(/ bytes=3000-/);
    expect(blobs().filter((name) => name.endsWith('.incomplete'))).toEqual([]);
  });

  it('begins anew where what had arrived does not fit what follows, as from a server that knows no ranges', async () => {
    const { read, notices } = await setUp({ cut: { 'model.safetensors': { after: 2000, times: 1 } }, whole: ['model.safetensors'] });
    expect((await read()).tensors).toEqual(tensors);
    expect(notices.join('\n')).toMatch(/what had arrived before does not fit; attempt 3 goes on from byte 0/);
  });

  it('whose bytes are not those published is refused and deleted', async () => {
    const large = await setUp({ spoilt: ['model.safetensors'] });
    await expect(large.read()).rejects.toMatchObject({
      code: 'HOOKLINE_CHECKSUM',
      message: expect.stringMatching(/^model\.safetensors of \w+ is not what was published/),
    });
    expect(large.blobs().filter((name) => name.length >= 64)).toEqual([]);
    const small = await setUp({ spoilt: ['vocab.txt'] });
    await expect(small.read()).rejects.toThrow(/^vocab\.txt of \w+ is not what was published/);
    expect(existsSync(join(small.storage, 'refs'))).toBe(false);
  });

  it('that does not exist, or in another format, or without a configuration, is named', async () => {
    const { read, server } = await setUp();
    await expect(read('someone/tinny')).rejects.toMatchObject({
      code: 'HOOKLINE_HUB',
      message: `there is no 'someone/tinny' here, and on ${server.endpoint} no model of that name that is open to you; check the name; for a private model set HF_TOKEN`,
    });
    const { 'model.safetensors': _, 'config.json': config, ...rest } = await modelFiles();
    const torch = await setUp({ files: { 'pytorch_model.bin': new Uint8Array(1), 'config.json': config! } });
    await expect(torch.read()).rejects.toThrow(
      /^someone\/tiny holds pytorch_model\.bin, and no model\.safetensors; convert it .*: hf download someone\/tiny --local-dir tiny && python -c .* tiny; then give the folder/,
    );
    await expect(setUp({ files: rest }).then((other) => other.read())).rejects.toThrow(/'someone\/tiny' has no model\.safetensors/);
    await expect(setUp({ status: 500 }).then((other) => other.read())).rejects.toThrow(/answers with status 500 .*; try again later/);
    await expect(setUp({ status: 403 }).then((other) => other.read())).rejects.toThrow(
      /answers with status 403 when asked for 'someone\/tiny'; accept its terms, and set HF_TOKEN/,
    );
  });

  it('without a network is an error that says so, unless all of it is in the cache', async () => {
    const { read, server, storage } = await setUp();
    await server.close();
    await expect(read()).rejects.toMatchObject({
      code: 'HOOKLINE_HUB',
      message: `there is no 'someone/tiny' here, and ${server.endpoint} cannot be reached to look for a model of that name; check path and network, or give a folder`,
    });
    expect(existsSync(storage)).toBe(false);
    const local = join(folder(), 'notes.txt');
    writeFileSync(local, '');
    await expect(read(local)).rejects.toMatchObject({ code: 'HOOKLINE_PRETRAINED' });
    await expect(read('./someone/tiny')).rejects.toMatchObject({ code: 'HOOKLINE_PRETRAINED' });
  });
});

it('names on the hub are told from paths', () => {
  expect(parseHubName('bert-base-uncased')).toEqual({ name: 'bert-base-uncased', revision: 'main' });
  expect(parseHubName('google/bert_uncased_L-2_H-128_A-2@v1.0')).toEqual({ name: 'google/bert_uncased_L-2_H-128_A-2', revision: 'v1.0' });
  for (const path of ['', './a/b', '/a/b', '../a', 'a/b/c', 'a\\b', 'a/', 'a b', 'runs/x/checkpoints/step-00000001', 'a..b', 'a@../x']) {
    expect(parseHubName(path), path).toBeUndefined();
  }
});

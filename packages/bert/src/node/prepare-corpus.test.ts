import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder } from '../../test/folder.js';
import type { Document } from '../corpus/documents.js';
import type { TokenStore } from '../corpus/token-store.js';
import { pretrainingData } from '../data/pretraining-data.js';
import { formatVocabulary } from '../tokenizer/vocabulary.js';
import { type CorpusProgress, prepareCorpus } from './prepare-corpus.js';

const words = ['north', 'south', 'east', 'west', 'river', 'mountain', 'valley', 'forest'];
const sentence = (i: number): string => `The ${words[i % 8]} meets the ${words[(3 * i + 1) % 8]} in ${1800 + i}.`;
const documents: Document[] = Array.from({ length: 20 }, (_, d) => ({
  name: `${1800 + d}`,
  sentences: Array.from({ length: 6 }, (_, s) => sentence(6 * d + s)),
}));
const ids = (tokens: TokenStore): number[][] => Array.from({ length: tokens.documents }, (_, d) => [...tokens.slice(d, 0, tokens.length(d))]);

describe('from documents', () => {
  it('trains a vocabulary and holds out documents', async () => {
    const { tokenizer, train, heldOut, close } = await prepareCorpus({ source: documents, vocabSize: 200, heldOut: 0.1 });
    expect(tokenizer.vocabSize).toBeLessThanOrEqual(200);
    expect(tokenizer.tokenId('the')).toBeDefined();
    expect([train.documents, heldOut.documents]).toEqual([18, 2]);
    expect(tokenizer.decode(ids(heldOut)[0]!)).toBe(documents[4]!.sentences.join(' ').toLowerCase());
    expect([...train.sentenceStarts(0)].length).toBe(6);
    const batch = pretrainingData({ tokens: train, tokenizer, batchSize: 2, sequenceLength: 32 }).batch(0);
    expect(batch.inputIds.length).toBe(64);
    close();
  });

  it('holds out by name, and keeps what is held out from the vocabulary', async () => {
    const special: Document = { name: 'secret', sentences: ['Xylophones xylophones xylophones xylophones.'] };
    const { tokenizer, train, heldOut } = await prepareCorpus({ source: [special, ...documents], vocabSize: 400, heldOut: (name) => name === 'secret' });
    expect([train.documents, heldOut.documents]).toEqual([20, 1]);
    expect(tokenizer.encode('xylophones').length).toBeGreaterThan(3);
    const all = await prepareCorpus({ source: [special, ...documents], vocabSize: 400, heldOut: (name) => name === '1803' });
    expect(all.tokenizer.encode('xylophones').length).toBe(1);
  });

  it('gives the same with a cache, and from the cache', async () => {
    const cacheDirectory = join(folder(), 'cache');
    const plain = await prepareCorpus({ source: documents, vocabSize: 200 });
    for (const round of [0, 1]) {
      const stages = new Set<string>();
      const cached = await prepareCorpus({ source: documents, vocabSize: 200, cacheDirectory, onProgress: ({ stage }) => stages.add(stage) });
      expect([...stages]).toEqual(round === 0 ? ['vocabulary', 'tokens'] : []);
      expect(cached.tokenizer.vocabulary).toEqual(plain.tokenizer.vocabulary);
      expect([ids(cached.train), ids(cached.heldOut)]).toEqual([ids(plain.train), ids(plain.heldOut)]);
      cached.close();
    }
    expect(readdirSync(cacheDirectory).length).toBe(2);
    const other = await prepareCorpus({ source: documents.slice(1), vocabSize: 200, cacheDirectory });
    other.close();
    expect(readdirSync(cacheDirectory).length).toBe(4);
  });
});

describe('from files', () => {
  it('reads a folder, with a tokenizer given by its path', async () => {
    const files = Object.fromEntries(documents.map(({ name, sentences }) => [`${name}.txt`, sentences.join(' ')]));
    const { tokenizer } = await prepareCorpus({ source: documents, vocabSize: 200 });
    const path = folder({ ...files, 'vocabulary/vocab': formatVocabulary(tokenizer.vocabulary) });
    const progress: CorpusProgress[] = [];
    const prepared = await prepareCorpus({
      source: path,
      tokenizer: join(path, 'vocabulary', 'vocab'),
      heldOut: (name) => name === '1815.txt',
      onProgress: (one) => progress.push(one),
    });
    expect(ids(prepared.heldOut).map((one) => tokenizer.decode(one))).toEqual([documents[15]!.sentences.join(' ').toLowerCase()]);
    expect(prepared.train.documents).toBe(19);
    expect(progress.at(-1)).toEqual({ stage: 'tokens', fraction: 1 });
  });

  it('holds out the end of a single document', async () => {
    const path = join(folder({ 'a.txt': documents.flatMap(({ sentences }) => sentences).join('\n') }), 'a.txt');
    const { train, heldOut, tokenizer } = await prepareCorpus({ source: path, vocabSize: 200 });
    expect([train.documents, heldOut.documents]).toEqual([1, 1]);
    expect(heldOut.tokens / (train.tokens + heldOut.tokens)).toBeCloseTo(0.05, 2);
    expect(tokenizer.decode(ids(heldOut)[0]!)).toContain('in 1919.');
  });
});

it.each<[string, Parameters<typeof prepareCorpus>[0], string, RegExp]>([
  ['no documents', { source: [] }, 'HOOKLINE_CORPUS', /no text to train a vocabulary on/],
  ['empty documents', { source: [{ name: 'a', sentences: [' '] }] }, 'HOOKLINE_CORPUS', /no text/],
  ['nothing to hold out', { source: documents, vocabSize: 200, heldOut: () => false }, 'HOOKLINE_CORPUS', /nothing to hold out/],
  ['a share above 1', { source: documents, heldOut: 5 }, 'HOOKLINE_OPTIONS', /heldOut 5 is no share/],
  ['a vocabulary too small', { source: documents, vocabSize: 50 }, 'HOOKLINE_OPTIONS', /vocabSize 50 has no room/],
  ['tokenizer and size', { source: documents, tokenizer: 'vocab.txt', vocabSize: 50 }, 'HOOKLINE_OPTIONS', /both a tokenizer and vocabSize/],
  ['a missing corpus', { source: '/no/such' }, 'HOOKLINE_CORPUS', /no file or folder \/no\/such/],
  ['a misspelt option', { source: documents, vocabsize: 5 } as never, 'HOOKLINE_OPTIONS', /no option 'vocabsize'.*vocabSize/],
])('refuses %s', async (_, options, code, message) => {
  await expect(prepareCorpus(options)).rejects.toThrow(message);
  await expect(prepareCorpus(options)).rejects.toThrow(expect.objectContaining({ code }));
});

it('names an empty file, and one of other tokens', async () => {
  const path = folder({ 'empty.txt': '\n\n', 'bad.txt': Uint8Array.of(0x61, 0xff) });
  await expect(prepareCorpus({ source: join(path, 'empty.txt'), vocabSize: 200 })).rejects.toThrow(/empty\.txt has no text/);
  await expect(prepareCorpus({ source: join(path, 'bad.txt'), vocabSize: 200 })).rejects.toThrow(/bad\.txt is not UTF-8: byte 0xff at offset 1/);
});

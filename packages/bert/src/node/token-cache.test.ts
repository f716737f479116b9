import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder } from '../../test/folder.js';
import type { DocumentPiece } from '../corpus/documents.js';
import { type TokenStore, tokenizeDocuments } from '../corpus/token-store.js';
import { specialTokens } from '../tokenizer/vocabulary.js';
import { type Tokenizer, wordPiece } from '../tokenizer/wordpiece.js';
import { type TokenCacheOptions, tokenCache } from './token-cache.js';
import { openTokens } from './token-files.js';

const tokenizer = wordPiece([...specialTokens, 'a', 'b', 'c', '.']);
const pieces: DocumentPiece[] = [
  { name: 'one', sentences: ['a b.', 'c.'] },
  { name: 'one', sentences: ['b'], continues: true },
  { name: 'none', sentences: ['\u0000'] },
  { name: 'two\nlines', sentences: ['c c c'] },
];
const contents = (tokens: TokenStore): unknown => ({
  sizes: [tokens.documents, tokens.tokens, tokens.vocabSize, tokens.tokenizer],
  documents: Array.from({ length: tokens.documents }, (_, d) => [[...tokens.slice(d, 0, tokens.length(d))], [...tokens.sentenceStarts(d)]]),
});
const onlyFolder = (directory: string): string => join(directory, readdirSync(directory)[0]!);

async function open(options: Partial<TokenCacheOptions> & { directory: string }): Promise<{ contents: unknown; names: readonly string[]; warnings: string[] }> {
  const warnings: string[] = [];
  const tokens = await tokenCache({ tokenizer, pieces, source: 'abc', onWarning: (message) => warnings.push(message), ...options });
  const result = { contents: contents(tokens), names: tokens.names(), warnings };
  tokens.close();
  return result;
}
const expected = contents(tokenizeDocuments(pieces, tokenizer));
const refusing: DocumentPiece[] = [];
Object.defineProperty(refusing, Symbol.iterator, {
  value: () => {
    throw new Error('the corpus was read again');
  },
});

describe('tokenCache', () => {
  it('holds what a store in memory holds', async () => {
    const directory = join(folder(), 'new', 'cache');
    expect(await open({ directory })).toEqual({ contents: expected, names: ['one', 'two lines'], warnings: [] });
    expect(readdirSync(directory).length).toBe(1);
    expect(readdirSync(onlyFolder(directory)).sort()).toEqual(['header.json', 'index.bin', 'names.txt', 'tokens.bin']);
  });

  it('takes four bytes an id for large vocabularies, and more ids than one buffer', async () => {
    const large: Tokenizer = { ...tokenizer, vocabSize: 70_000, encode: () => Array.from({ length: 300_000 }, (_, i) => i % 70_000) };
    const three: DocumentPiece[] = [{ name: 'x', sentences: ['', '', ''] }];
    const tokens = await tokenCache({ directory: folder(), tokenizer: large, source: 's', pieces: three });
    expect(tokens.tokens).toBe(900_000);
    expect([...tokens.slice(0, 599_999, 600_002)]).toEqual([299_999 % 70_000, 0, 1]);
    tokens.close();
  });

  it('is reused as long as tokenizer and source are the same', async () => {
    const directory = folder();
    await open({ directory });
    expect((await open({ directory, pieces: refusing })).contents).toEqual(expected);
    await expect(open({ directory, pieces: refusing, source: 'other' })).rejects.toThrow('the corpus was read again');
    const other = wordPiece([...tokenizer.vocabulary, 'd']);
    await expect(open({ directory, pieces: refusing, tokenizer: other })).rejects.toThrow('the corpus was read again');
  });

  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    bytes[3]! ^= 1;
    writeFileSync(path, bytes);
  };
  const damages: [string, (path: string) => void, RegExp][] = [
    ['one byte changed', (path) => flip(join(path, 'tokens.bin')), /is damaged: tokens\.bin is not what was written/],
    ['an index cut short', (path) => truncateSync(join(path, 'index.bin'), 8), /is damaged: index\.bin/],
    ['a file missing', (path) => rmSync(join(path, 'names.txt')), /lacks names\.txt/],
    ['a header cut short', (path) => truncateSync(join(path, 'header.json'), 30), /has no readable header/],
    [
      'another version',
      (path) => writeFileSync(join(path, 'header.json'), readFileSync(join(path, 'header.json'), 'utf8').replace('"version": 1', '"version": 99')),
      /has a header that is not of version 1/,
    ],
  ];
  it.each(damages)('with %s is made anew with a warning, and an error where it is asked for by name', async (_, damage, message) => {
    const directory = folder();
    await open({ directory });
    damage(onlyFolder(directory));
    expect(() => openTokens(onlyFolder(directory))).toThrow(message);
    expect(() => openTokens(onlyFolder(directory))).toThrow(expect.objectContaining({ code: 'HOOKLINE_TOKEN_CACHE' }));
    const again = await open({ directory });
    expect(again.contents).toEqual(expected);
    expect(again.warnings).toEqual([expect.stringMatching(message)]);
    expect((await open({ directory, pieces: refusing })).warnings).toEqual([]);
  });

  it('leaves nothing behind when the corpus fails half-way', async () => {
    const directory = folder();
    const failing = async function* (): AsyncGenerator<DocumentPiece> {
      yield pieces[0]!;
      throw new Error('bad text');
    };
    await expect(open({ directory, pieces: failing() })).rejects.toThrow('bad text');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says where it cannot be written', async () => {
    const directory = join(folder({ file: '' }), 'file');
    await expect(open({ directory })).rejects.toThrow(/cannot be written/);
    await expect(open({ directory })).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_TOKEN_CACHE' }));
  });

  it('tells progress', async () => {
    let told = 0;
    await open({ directory: folder(), onPiece: () => told++ });
    expect(told).toBe(4);
  });
});

it('names a cache that is not there', () => {
  const path = join(folder(), 'no');
  expect(existsSync(path)).toBe(false);
  expect(() => openTokens(path)).toThrow(/has no readable header/);
});

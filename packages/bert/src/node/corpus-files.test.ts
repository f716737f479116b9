import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, folder } from '../../test/folder.js';
import type { DocumentPiece } from '../corpus/documents.js';
import { type CorpusFilesOptions, corpusFiles } from './corpus-files.js';

const read = async (path: string, options?: CorpusFilesOptions): Promise<DocumentPiece[]> => collect(corpusFiles(path, options).pieces());
const texts = (pieces: readonly DocumentPiece[]): unknown[] => pieces.map(({ name, sentences }) => [name, ...sentences]);

const prose = 'First one. It goes\non here.\n\n  \nSecond\r\none.\n';

describe('text', () => {
  it('has documents between blank lines in a single file, sentences across line ends', async () => {
    const path = join(folder({ 'a.txt': prose }), 'a.txt');
    expect(texts(await read(path))).toEqual([
      [`${path}#0`, 'First one.', 'It goes on here.'],
      [`${path}#1`, 'Second one.'],
    ]);
    expect(texts(await read(path, { documents: 'files' }))).toEqual([[path, 'First one.', 'It goes on here.', 'Second one.']]);
  });

  it('has a sentence a line where asked', async () => {
    const path = join(folder({ 'a.txt': prose }), 'a.txt');
    expect((await read(path, { sentences: 'lines' })).map(({ sentences }) => sentences)).toEqual([
      ['First one. It goes', 'on here.'],
      ['Second', 'one.'],
    ]);
  });

  it('in a folder has a document a file, in the order of names', async () => {
    const path = folder({ 'b.txt': prose, 'a.md': 'A.', 'sub/c.TXT': 'C.', 'image.png': 'no text', 'd.txt': '\n' });
    expect(texts(await read(path))).toEqual([
      ['a.md', 'A.'],
      ['b.txt', 'First one.', 'It goes on here.', 'Second one.'],
      ['sub/c.TXT', 'C.'],
    ]);
    expect((await read(path, { documents: 'blankLines' })).map(({ name }) => name)).toEqual(['a.md#0', 'b.txt#0', 'b.txt#1', 'sub/c.TXT#0']);
  });

  it('follows links, but not in circles', async () => {
    const path = folder({ 'sub/c.txt': 'C.' });
    symlinkSync(path, join(path, 'sub', 'back'));
    symlinkSync(join(path, 'sub', 'c.txt'), join(path, 'link.txt'));
    expect(texts(await read(path))).toEqual([
      ['link.txt', 'C.'],
      [join('sub', 'c.txt'), 'C.'],
    ]);
  });
});

describe('a large file', () => {
  const mega = 2 ** 20;
  const isBounded = async (content: string, options?: CorpusFilesOptions): Promise<DocumentPiece[]> => {
    const path = join(folder({ 'large.txt': content }), 'large.txt');
    let ahead = 0;
    let mostAhead = 0;
    const pieces: DocumentPiece[] = [];
    const reader = corpusFiles(path, options).pieces((bytes) => {
      ahead += bytes;
      mostAhead = Math.max(mostAhead, ahead);
    });
    for await (const piece of reader) {
      ahead -= piece.sentences.reduce((sum, sentence) => sum + sentence.length + 1, 0);
      pieces.push(piece);
    }
    expect(mostAhead).toBeLessThan(mega / 2);
    return pieces;
  };

  it('is read no further than it is used: one line of 6 MB', async () => {
    const sentence = 'It was a dark and stormy night. ';
    const pieces = await isBounded(sentence.repeat((6 * mega) / sentence.length));
    expect(pieces.length).toBeGreaterThan(40);
    expect(pieces.map(({ continues }) => continues)).toEqual(pieces.map((_, i) => i > 0));
    expect(new Set(pieces.map(({ name }) => name)).size).toBe(1);
  });

  it('is read no further than it is used: many documents', async () => {
    const pieces = await isBounded('One sentence.\nAnother one.\n\n'.repeat((4 * mega) / 28), { sentences: 'lines' });
    expect(pieces.length).toBe(Math.floor((4 * mega) / 28));
    expect(pieces.every(({ continues }) => !continues)).toBe(true);
  });
});

describe('JSON lines', () => {
  it('have a document a line, sentences split', async () => {
    const path = join(folder({ 'a.jsonl': '{"text":"A b. C d!\\nE."}\n\n{"text":"F","more":1}' }), 'a.jsonl');
    expect(texts(await read(path))).toEqual([
      [`${path}:1`, 'A b.', 'C d!', 'E.'],
      [`${path}:3`, 'F'],
    ]);
    expect((await read(path, { sentences: 'lines' }))[0]!.sentences).toEqual(['A b. C d!', 'E.']);
  });

  it.each([
    ['not JSON', '{"text":"a"}\n{', /a\.jsonl, line 2: is not JSON; each line is a JSON object with a text in 'text'/],
    ['without the field', '{"body":"a"}', /line 1: has no text in 'text'/],
    ['null', 'null', /line 1: has no text/],
    ['with another type', '{"text":1}', /line 1: has no text/],
  ])('name the line that is %s', async (_, content, message) => {
    const path = join(folder({ 'a.jsonl': content }), 'a.jsonl');
    await expect(read(path)).rejects.toThrow(message);
    await expect(read(path)).rejects.toThrow(expect.objectContaining({ code: 'HOOKLINE_CORPUS' }));
  });

  it('take the text from the field asked for', async () => {
    const path = join(folder({ 'a.ndjson': '{"body":"a"}' }), 'a.ndjson');
    expect(texts(await read(path, { field: 'body' }))).toEqual([[`${path}:1`, 'a']]);
  });
});

describe('errors and identity', () => {
  it('name what is not there', () => {
    expect(() => corpusFiles('/no/such/corpus')).toThrow(/there is no file or folder \/no\/such\/corpus/);
    const empty = folder({ 'x.png': '' });
    expect(() => corpusFiles(empty)).toThrow(/has no text files; give a folder with files that end in \.txt/);
    expect(() => corpusFiles(empty)).toThrow(expect.objectContaining({ code: 'HOOKLINE_CORPUS' }));
    expect(() => corpusFiles(empty, { sentence: 'lines' } as CorpusFilesOptions)).toThrow(/no option 'sentence'/);
  });

  it('key files by path, size, time and the way they are read', () => {
    const path = folder({ 'a.txt': 'a' });
    const { key } = corpusFiles(path);
    expect(corpusFiles(path).key).toBe(key);
    expect(corpusFiles(path, { sentences: 'lines' }).key).not.toBe(key);
    utimesSync(join(path, 'a.txt'), 1, 1);
    const later = corpusFiles(path).key;
    writeFileSync(join(path, 'a.txt'), 'ab');
    utimesSync(join(path, 'a.txt'), 1, 1);
    expect(new Set([key, later, corpusFiles(path).key]).size).toBe(3);
    expect(corpusFiles(path).bytes).toBe(2);
  });
});

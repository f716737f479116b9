import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder } from '../../test/folder.js';
import { tokenizerToJson } from '../tokenizer/tokenizer-json.js';
import { formatVocabulary, specialTokens } from '../tokenizer/vocabulary.js';
import { wordPiece } from '../tokenizer/wordpiece.js';
import { readTokenizer, saveTokenizer } from './read-tokenizer.js';

const vocabulary = [...specialTokens, 'a', 'A', '##b'];
const text = formatVocabulary(vocabulary);

describe('readTokenizer', () => {
  it('reads a vocab.txt, lowercased unless something else is said', () => {
    const path = folder({ 'vocab.txt': text, 'cased/vocab.txt': text, 'cased/tokenizer_config.json': '{"do_lower_case":false,"model_max_length":512}' });
    expect(readTokenizer(join(path, 'vocab.txt')).encode('A')).toEqual([5]);
    expect(readTokenizer(path).encode('A')).toEqual([5]);
    expect(readTokenizer(join(path, 'cased')).encode('A')).toEqual([6]);
    expect(readTokenizer(join(path, 'cased'), { lowercase: true }).encode('A')).toEqual([5]);
  });

  it.each([true, false])('reads back what was saved, by file or folder; lowercase: %s', (lowercase) => {
    const path = join(folder(), 'deep', 'er');
    const tokenizer = wordPiece(vocabulary, { lowercase });
    saveTokenizer(tokenizer, path);
    for (const again of [readTokenizer(path), readTokenizer(join(path, 'tokenizer.json')), readTokenizer(join(path, 'vocab.txt'), { lowercase })]) {
      expect(again.fingerprint).toBe(tokenizer.fingerprint);
    }
    expect(readTokenizer(join(path, 'tokenizer.json'), { lowercase: !lowercase }).settings.lowercase).toBe(!lowercase);
  });

  it.each([
    [{ do_lower_case: false, tokenizer_class: 'BertTokenizer' }, [6]],
    [{ do_lower_case: false }, [6]],
    [{ do_lower_case: false, tokenizer_class: 'PreTrainedTokenizerFast' }, [5]],
    [{ do_lower_case: null }, [5]],
    [{}, [5]],
  ])('takes a tokenizer.json beside %j as BertTokenizerFast does', (config, ids) => {
    const path = folder({ 'tokenizer.json': tokenizerToJson(wordPiece(vocabulary)), 'tokenizer_config.json': JSON.stringify(config) });
    expect(readTokenizer(path).encode('A')).toEqual(ids);
    expect(readTokenizer(join(path, 'tokenizer.json')).encode('A')).toEqual([5]);
  });

  it('keeps added tokens, through a folder and beside other settings', () => {
    const path = folder();
    const tokenizer = wordPiece([...vocabulary, '@USER'], { addedTokens: [{ id: 8, content: '@USER', special: false }] });
    saveTokenizer(tokenizer, path);
    expect(readTokenizer(path).fingerprint).toBe(tokenizer.fingerprint);
    expect(readTokenizer(path, { lowercase: false }).encode('A @USER')).toEqual([6, 8]);
  });

  it.each<[string, Record<string, string | Uint8Array>, string, RegExp]>([
    ['a file that is not there', {}, 'no.txt', /no\.txt cannot be read/],
    ['a folder without a vocabulary', { 'x/y': '' }, 'x', /has neither tokenizer\.json nor vocab\.txt/],
    ['a vocabulary without [MASK]', { 'v.txt': text.replace('[MASK]\n', '') }, 'v.txt', /v\.txt lacks the special token \[MASK\]/],
    ['a configuration that is not JSON', { 'vocab.txt': text, 'tokenizer_config.json': '{' }, '.', /tokenizer_config\.json is no tokenizer configuration/],
  ])('names %s', (_, files, name, message) => {
    const path = join(folder(files), name);
    expect(() => readTokenizer(path)).toThrow(message);
    expect(() => readTokenizer(path)).toThrow(expect.objectContaining({ code: 'HOOKLINE_VOCABULARY' }));
  });

  it('names the byte that is not UTF-8', () => {
    const path = join(folder({ 'v.txt': Uint8Array.of(0x61, 0x0a, 0xfe) }), 'v.txt');
    expect(() => readTokenizer(path)).toThrow(/v\.txt is not UTF-8: byte 0xfe at offset 2/);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLibrary, mendText, tokenizerJson } from './library.js';
import { tokenizerFromJson, tokenizerToJson } from './tokenizer-json.js';
import { parseVocabulary } from './vocabulary.js';
import { uncased, wordPiece } from './wordpiece.js';

const folder = join(import.meta.dirname, '../../test/fixtures/wordpiece');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const tokenizer = wordPiece(parseVocabulary(read('vocab.txt')));
const toy = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'un', '##want', '##ed', 'run', '##ning', ',', 'a'];

describe('against the reference tokenizers, with the vocabulary of bert-base-uncased', () => {
  const { cases } = JSON.parse(read('adversarial.json')) as { cases: { name: string; text: string; ids: number[]; tokens: string[] }[] };
  it.each(cases)('encodes $name', ({ text, ids, tokens }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(ids.map((id) => tokenizer.vocabulary[id])).toEqual(tokens);
  });

  type Input = { maxLength: number; ids: number[]; typeIds: number[]; mask: number[]; googleIds?: number[]; googleTypeIds?: number[] };
  const pairs = (JSON.parse(read('adversarial_pairs.json')) as { cases: { name: string; a: string; b?: string | null; enc: Input[] }[] }).cases;
  it.each(pairs)('cuts $name at every length, in both forms', ({ a, b, enc }) => {
    expect(enc.length).toBeGreaterThan(5);
    for (const { maxLength, ids, typeIds, mask, googleIds, googleTypeIds } of enc) {
      expect(tokenizer.encodeInput(a, b ?? undefined, { maxLength })).toEqual({ ids, tokenTypeIds: typeIds, attentionMask: mask });
      const google = tokenizer.encodeInput(a, b ?? undefined, { maxLength, truncation: 'google' });
      expect([google.ids, google.tokenTypeIds]).toEqual([googleIds ?? ids, googleTypeIds ?? typeIds]);
      const padded = tokenizer.encodeInput(a, b ?? undefined, { maxLength, pad: true });
      const fill = new Array(maxLength - ids.length).fill(0);
      expect(padded).toEqual({ ids: [...ids, ...fill], tokenTypeIds: [...typeIds, ...fill], attentionMask: [...mask, ...fill] });
    }
  });
});

describe('special tokens', () => {
  it('have the ids of bert-base-uncased', () => {
    expect(tokenizer).toMatchObject({ padTokenId: 0, unkTokenId: 100, clsTokenId: 101, sepTokenId: 102, maskTokenId: 103, vocabSize: 30522 });
  });

  it('are parsed in text, or taken as text like any', () => {
    expect(tokenizer.encode('a [MASK]')).toEqual([1037, 103]);
    expect(tokenizer.encode('a [MASK]', { parseSpecialTokens: false })).toEqual([1037, 1031, 7308, 1033]);
    expect(tokenizer.encodeInput('a [SEP]', undefined, { parseSpecialTokens: false }).ids).toEqual([101, 1037, 1031, 19802, 1033, 102]);
  });

  it('that a vocabulary lacks are named with the vocabulary', () => {
    expect(() => wordPiece(toy.slice(0, 4), { source: 'my/vocab.txt' })).toThrow(/my\/vocab\.txt lacks the special token \[MASK\]; add a line/);
    expect(() => wordPiece(['a'])).toThrow(expect.objectContaining({ code: 'HOOKLINE_VOCABULARY' }));
  });
});

it('refuses a length without room for the special tokens', () => {
  expect(tokenizer.encodeInput('a', undefined, { maxLength: 2 }).ids).toEqual([101, 102]);
  expect(() => tokenizer.encodeInput('a', undefined, { maxLength: 1 })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  expect(() => tokenizer.encodeInput('a', 'b', { maxLength: 2 })).toThrow(/no room/);
  expect(() => tokenizer.encodeInput('a', 'b', { pad: true })).toThrow(/pad needs maxLength/);
});

describe('decode', () => {
  it('joins pieces, and leaves special tokens out unless asked', () => {
    const ids = tokenizer.encodeInput('Unbelievable tokenizers, they said!', undefined, {}).ids;
    expect(tokenizer.decode(ids)).toBe('unbelievable tokenizers, they said!');
    expect(tokenizer.decode(Int32Array.from(ids), { skipSpecialTokens: false })).toBe('[CLS] unbelievable tokenizers, they said! [SEP]');
    expect(tokenizer.decode([])).toBe('');
  });

  it('names an id that the vocabulary does not have', () => {
    expect(() => tokenizer.decode([5, 30522])).toThrow(/ids 0 to 30521; there is no token 30522/);
  });
});

it('encodes any text as the library does in one piece', () => {
  const library = createLibrary(tokenizerJson(tokenizer.vocabulary, [], uncased));
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
    fc.constantFrom(' ', '\t', '\n', '\r', '\u00a0', '\u3000', '\u0301', 'é', 'Σ', '東', '\u{20000}', '[MASK]', '##a', '\u0000', '\u200d'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const expected = library.encode(mendText(text, uncased), { add_special_tokens: false }).ids;
      expect(tokenizer.encode(text, { parseSpecialTokens: false })).toEqual(expected);
      if (!text.includes('[')) expect(tokenizer.encode(text)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

it('knows which tokens continue a word, and tells tokenizers apart', () => {
  const small = wordPiece(toy);
  expect([...small.continuations]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0]);
  expect(small.encode('unwanted, running')).toEqual([5, 6, 7, 10, 8, 9]);
  expect(small.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(wordPiece([...toy]).fingerprint).toBe(small.fingerprint);
  const others = [wordPiece([...toy, 'b']), wordPiece(toy, { lowercase: false }), wordPiece(toy.toReversed())];
  expect(new Set([small, ...others].map((one) => one.fingerprint)).size).toBe(4);
});

describe('tokenizer.json', () => {
  it('comes back as the same tokenizer', () => {
    const cased = wordPiece(toy, { lowercase: false, maxInputCharsPerWord: 7 });
    const again = tokenizerFromJson(tokenizerToJson(cased));
    expect(again.vocabulary).toEqual(toy);
    expect(again.settings).toEqual(cased.settings);
    expect(again.fingerprint).toBe(cased.fingerprint);
    expect(again.encode('A a unwantedrunning')).toEqual([1, 11, 1]);
  });

  it('matches further added tokens as they stand', () => {
    const json = JSON.parse(tokenizerToJson(wordPiece(toy))) as { added_tokens: object[] };
    json.added_tokens.push({ id: 12, content: '<Name>', special: false }, { id: 13, content: '@USER', special: true });
    const read = tokenizerFromJson(JSON.stringify(json));
    expect(read.encode('a <Name> [MASK]@USER')).toEqual([11, 12, 4, 13]);
    const again = tokenizerFromJson(tokenizerToJson(read));
    expect(again.encode('a <Name> [MASK]@USER')).toEqual([11, 12, 4, 13]);
    expect(again.decode([12, 13])).toBe('<Name>');
    expect(again.fingerprint).toBe(read.fingerprint);
  });

  it.each<[string, (json: Record<string, object>) => unknown, RegExp]>([
    ['another model', (json) => ({ ...json, model: { ...json['model'], type: 'BPE' } }), /only WordPiece is supported/],
    ['no model', (json) => ({ ...json, model: undefined }), /x\/tokenizer\.json: option 'model'/],
    ['a hole in the ids', (json) => ({ ...json, model: { ...json['model'], vocab: { '[PAD]': 0, a: 2 } }, added_tokens: [] }), /no token has id 1/],
  ])('names the file for %s', (_, change, message) => {
    const json = JSON.parse(tokenizerToJson(wordPiece(toy))) as Record<string, object>;
    expect(() => tokenizerFromJson(JSON.stringify(change(json)), 'x/tokenizer.json')).toThrow(message);
    expect(() => tokenizerFromJson(JSON.stringify(change(json)), 'x/tokenizer.json')).toThrow(expect.objectContaining({ code: 'HOOKLINE_VOCABULARY' }));
  });

  it('names the file that is not JSON', () => {
    expect(() => tokenizerFromJson('{', 'x/tokenizer.json')).toThrow(/x\/tokenizer\.json is not JSON/);
  });
});

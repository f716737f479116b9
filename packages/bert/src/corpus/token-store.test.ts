import { describe, expect, it } from 'vitest';
import { wordPiece } from '../tokenizer/wordpiece.js';
import { memoryTokens, selectTokens, tokenBuilder, tokenizeDocuments } from './token-store.js';

const tokenizer = wordPiece(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##b', '.', '[', ']', 'mask']);

describe('memoryTokens', () => {
  const tokens = memoryTokens([[[5, 6], [], [7]], [], [[]], [[8, 9, 10]]], { vocabSize: 20 });

  it('keeps documents and sentences, and drops what is empty', () => {
    expect([tokens.documents, tokens.tokens]).toEqual([2, 6]);
    expect([tokens.length(0), tokens.length(1)]).toEqual([3, 3]);
    expect([...tokens.sentenceStarts(0)]).toEqual([0, 2]);
    expect([...tokens.sentenceStarts(1)]).toEqual([0]);
    expect([...tokens.slice(0, 1, 3)]).toEqual([6, 7]);
    expect([...tokens.slice(1, 0, 3)]).toEqual([8, 9, 10]);
    expect([...tokens.slice(1, 3, 3)]).toEqual([]);
  });

  it('takes two bytes an id as long as they are enough', () => {
    expect(tokens.slice(0, 0, 1)).toBeInstanceOf(Uint16Array);
    expect([...memoryTokens([[[70_000]]], { vocabSize: 70_001 }).slice(0, 0, 1)]).toEqual([70_000]);
  });

  it('refuses what is not there', () => {
    expect(() => tokens.slice(0, 0, 4)).toThrow(/document 0 has tokens 0 to 3, not 0 to 4/);
    expect(() => tokens.slice(1, -1, 2)).toThrow(RangeError);
    expect(() => tokens.length(2)).toThrow(/documents 0 to 1, not 2/);
  });
});

it('grows with any amount of ids', () => {
  const long = Array.from({ length: 5000 }, (_, i) => i % 100);
  const tokens = memoryTokens([[long, long], [long]], { vocabSize: 100 });
  expect([...tokens.slice(0, 4999, 5002)]).toEqual([99, 0, 1]);
  expect([...tokens.slice(1, 0, 5000)]).toEqual(long);
});

it('tokenizes documents, without parsing special tokens, in one piece or several', () => {
  const tokens = tokenizeDocuments([{ name: 'x', sentences: ['a b.', '\u0000', 'ab [MASK]'] }], tokenizer);
  expect([...tokens.slice(0, 0, tokens.length(0))]).toEqual([5, 6, 8, 5, 7, 9, 11, 10]);
  expect([...tokens.sentenceStarts(0)]).toEqual([0, 3]);
  expect([tokens.vocabSize, tokens.tokenizer]).toEqual([12, tokenizer.fingerprint]);
  const builder = tokenBuilder(tokenizer);
  builder.add({ name: 'x', sentences: ['\u0000'] });
  builder.add({ name: 'x', sentences: ['a'], continues: true });
  builder.add({ name: 'nothing', sentences: ['  '] });
  builder.add({ name: 'y', sentences: ['b'] });
  builder.add({ name: 'y', sentences: ['b.'], continues: true });
  const { tokens: built, names } = builder.finish();
  expect(names).toEqual(['x', 'y']);
  expect([...built.slice(1, 0, 3)]).toEqual([6, 6, 8]);
  expect([...built.sentenceStarts(1)]).toEqual([0, 1]);
});

describe('selectTokens', () => {
  const tokens = memoryTokens(
    [
      [
        [5, 6],
        [7, 8],
      ],
      [[9]],
    ],
    { vocabSize: 20 },
  );
  const parts = selectTokens(tokens, [
    { document: 1, from: 0, to: 1 },
    { document: 0, from: 1, to: 4 },
  ]);

  it('shows parts of documents as documents', () => {
    expect([parts.documents, parts.tokens, parts.length(1)]).toEqual([2, 4, 3]);
    expect([...parts.slice(0, 0, 1)]).toEqual([9]);
    expect([...parts.slice(1, 1, 3)]).toEqual([7, 8]);
    expect([...parts.sentenceStarts(1)]).toEqual([0, 1]);
    expect([...parts.sentenceStarts(0)]).toEqual([0]);
  });

  it('refuses what is not there', () => {
    expect(() => parts.slice(1, 0, 4)).toThrow(/document 1 has tokens 0 to 3/);
    expect(() => parts.length(2)).toThrow(RangeError);
    expect(() => selectTokens(tokens, [{ document: 0, from: 2, to: 2 }])).toThrow(/empty/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heap } from './heap.js';
import { trainVocabulary, trainWordPiece } from './train.js';
import { specialTokens } from './vocabulary.js';
import { wordCounter } from './word-counts.js';

const base = 5 + 68 + 36; // special tokens, printable ASCII without capitals, letters and digits inside words

it('begins with special tokens and printable ASCII, then merges by frequency, ties by id', () => {
  const counts = new Map([
    ['hug', 10],
    ['pug', 5],
    ['pun', 12],
    ['bun', 4],
    ['hugs', 5],
  ]);
  const vocabulary = trainVocabulary(counts, { vocabSize: base + 5 });
  expect(vocabulary.slice(0, 6)).toEqual([...specialTokens, '!']);
  expect(vocabulary.slice(0, base)).toContain('~');
  expect(vocabulary.slice(0, base)).not.toContain('A');
  expect(vocabulary.slice(0, base)).toContain('##9');
  expect(vocabulary.slice(0, base)).not.toContain('##,');
  expect(vocabulary.slice(base)).toEqual(['##ug', '##un', 'hug', 'pun', 'pug']); // 20, 16, 15, 12, then 5: p·##ug before hug·##s
  expect(trainVocabulary(counts, { vocabSize: base + 9 }).slice(base)).toEqual(['##ug', '##un', 'hug', 'pun', 'pug', 'hugs', 'bun']);
});

/** The definition, without any shortcut. */
function naive(counts: ReadonlyMap<string, number>, size: number, minFrequency: number, alphabet: readonly string[]): string[] {
  const vocabulary = [...alphabet];
  const words = [...counts].map(([word, count]) => ({ pieces: [...word].map((c, i) => (i === 0 ? c : `##${c}`)), count }));
  while (vocabulary.length < size) {
    const pairs = new Map<string, { left: string; right: string; count: number }>();
    for (const { pieces, count } of words) {
      for (let i = 1; i < pieces.length; i++) {
        const [left, right] = [pieces[i - 1]!, pieces[i]!];
        const key = `${left} ${right}`;
        pairs.set(key, { left, right, count: (pairs.get(key)?.count ?? 0) + count });
      }
    }
    const id = (token: string): number => vocabulary.indexOf(token);
    const [best] = [...pairs.values()]
      .filter(({ count }) => count >= minFrequency)
      .sort((a, b) => b.count - a.count || id(a.left) - id(b.left) || id(a.right) - id(b.right));
    if (!best) break;
    const token = best.left + best.right.slice(2);
    if (!vocabulary.includes(token)) vocabulary.push(token);
    for (const word of words) {
      for (let i = 1; i < word.pieces.length; i++) {
        if (word.pieces[i - 1] === best.left && word.pieces[i] === best.right) word.pieces.splice(i - 1, 2, token);
      }
    }
  }
  return vocabulary;
}

it('merges as the definition says, however the counts are ordered', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 1, maxLength: 9 });
  const entries = fc.uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: 9 })), { selector: ([w]) => w, maxLength: 25 });
  fc.assert(
    fc.property(entries, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 4 }), (list, merges, minFrequency) => {
      const size = base + merges;
      const vocabulary = trainVocabulary(new Map(list), { vocabSize: size, minFrequency });
      expect(vocabulary).toEqual(naive(new Map(list), size, minFrequency, vocabulary.slice(0, base)));
      expect(trainVocabulary(new Map(list.toReversed()), { vocabSize: size, minFrequency })).toEqual(vocabulary);
      expect(new Set(vocabulary).size).toBe(vocabulary.length);
    }),
  );
});

describe('trainWordPiece', () => {
  const texts = ['The cat sat on the mat.', 'The dog sat on the log; the café closed.', 'Ω ψ'];

  it('gives a tokenizer that knows every word of ASCII', () => {
    const tokenizer = trainWordPiece(texts, { vocabSize: 200 });
    expect(tokenizer.encode('the')).toEqual([tokenizer.tokenId('the')]);
    expect(tokenizer.encode('Zebra #1!')).not.toContain(tokenizer.unkTokenId);
    expect(tokenizer.decode(tokenizer.encode('The café sat'))).toBe('the cafe sat');
    expect(tokenizer.vocabulary).toEqual(trainWordPiece(texts.toReversed(), { vocabSize: 200 }).vocabulary);
  });

  it('keeps case where asked', () => {
    const tokenizer = trainWordPiece(texts, { vocabSize: 300, lowercase: false });
    expect(tokenizer.encode('The')).toEqual([tokenizer.tokenId('The')]);
    expect(tokenizer.settings.lowercase).toBe(false);
    expect(tokenizer.decode(tokenizer.encode('Zoé'))).toBe('Zoé');
  });

  it('limits the alphabet to the most frequent characters, and leaves out words with others', () => {
    const limited = trainWordPiece(['ωω ωψ ωψ ωψ'], { vocabSize: 200, limitAlphabet: 69 });
    expect(limited.vocabulary).toContain('ω');
    expect(limited.vocabulary.join()).not.toContain('ψ');
    expect(limited.encode('ωψ')).toEqual([limited.unkTokenId]);
    expect(limited.encode('ωω')).toEqual([limited.tokenId('ω'), limited.tokenId('##ω')]);
  });

  it('says how large a vocabulary has to be at least', () => {
    expect(() => trainWordPiece(texts, { vocabSize: 100 })).toThrow(
      /vocabSize 100 has no room.*give at least \d+, or a lower limitAlphabet \(now \d+, of which 68 are ASCII\)/,
    );
    expect(() => trainWordPiece(texts, { vocabSize: 0 })).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});

it('counts words as the tokenizer splits them', () => {
  const counter = wordCounter();
  counter.add("Don't, don't —");
  counter.add('Naïve naive\n东京');
  expect([...counter.counts()]).toEqual([
    ['don', 2],
    ["'", 2],
    ['t', 2],
    [',', 1],
    ['—', 1],
    ['naive', 2],
    ['东', 1],
    ['京', 1],
  ]);
});

it('keeps a heap in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (values) => {
      const queue = heap<number>((a, b) => a < b);
      for (const value of values) queue.push(value);
      const popped = values.map(() => queue.pop());
      expect(popped).toEqual(values.toSorted((a, b) => a - b));
      expect(queue.pop()).toBeUndefined();
    }),
  );
});

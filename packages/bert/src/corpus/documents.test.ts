import { describe, expect, it } from 'vitest';
import { splitSentences } from './documents.js';

describe('splitSentences', () => {
  it('splits by the rules of Unicode', () => {
    expect(splitSentences('It is late.  Is it? "Yes!" She said so.\n')).toEqual(['It is late.', 'Is it?', '"Yes!"', 'She said so.']);
    expect(splitSentences(' \n ')).toEqual([]);
    expect(splitSentences('')).toEqual([]);
    expect(splitSentences('東京。大阪。', 'ja')).toEqual(['東京。', '大阪。']);
  });

  it('splits long texts as if at once', () => {
    const sentences = Array.from({ length: 400 }, (_, i) => `Sentence ${i} has ${'many '.repeat(i % 50)}words.`);
    expect(splitSentences(sentences.join(' '))).toEqual(sentences);
    const long = `So ${'so '.repeat(5000)}long.`;
    expect(splitSentences(`Short. ${long} Short.`)).toEqual(['Short.', long, 'Short.']);
  });
});

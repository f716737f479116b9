import { expect, it } from 'vitest';
import { formatVocabulary, parseVocabulary } from './vocabulary.js';

it('reads one token a line, with any line ends, and writes them back', () => {
  expect(parseVocabulary('\uFEFF[PAD]\r\na\r\n##b\r\n\r\n')).toEqual(['[PAD]', 'a', '##b']);
  expect(parseVocabulary('a\n##b')).toEqual(['a', '##b']);
  expect(parseVocabulary(formatVocabulary(['a', '\u00a0', '##b']))).toEqual(['a', '\u00a0', '##b']);
});

it.each([
  ['', /v\.txt holds no token/],
  ['a\n\nb\n', /v\.txt, line 2: the token is empty/],
  ['a\nb\na\n', /v\.txt, line 3: the token 'a' stands already in line 1/],
])('refuses %j', (text, message) => {
  expect(() => parseVocabulary(text, 'v.txt')).toThrow(message);
  expect(() => parseVocabulary(text, 'v.txt')).toThrow(expect.objectContaining({ code: 'HOOKLINE_VOCABULARY' }));
});

import { describe, expect, it } from 'vitest';
import { documentsFromSotu, isHeldOutYear, sotuHeldOut, sotuSpeeches } from './sotu.js';

describe('the speeches', () => {
  const all = sotuSpeeches();

  it('are all there', () => {
    expect(all.length).toBe(233);
    expect([all[0]!.year, all.at(-1)!.year]).toEqual([1790, 2021]);
  });

  it('become documents of sentences, or of one text', () => {
    const [first] = documentsFromSotu(all.slice(0, 1));
    expect(first!.name).toBe('1790 George Washington');
    expect(first!.sentences.length).toBeGreaterThan(30);
    expect(first!.sentences.every((sentence) => sentence.length < 1500)).toBe(true);
    expect(documentsFromSotu(all.slice(0, 1), { sentences: false })[0]!.sentences).toEqual([all[0]!.text]);
  });

  it('are held out by whole years over the whole time', () => {
    const documents = documentsFromSotu(all, { sentences: false });
    const held = documents.filter(({ name }) => sotuHeldOut(name));
    expect(held.map(({ name }) => name.slice(0, 4)).join(' ')).toBe('1800 1820 1840 1860 1880 1900 1920 1940 1960 1980 2000 2020');
    const share =
      all.filter(({ year }) => isHeldOutYear(year)).reduce((sum, { text }) => sum + text.length, 0) / all.reduce((sum, { text }) => sum + text.length, 0);
    expect(share).toBeCloseTo(0.05, 1);
    expect(() => sotuHeldOut('Lincoln')).toThrow(/does not begin with a year/);
  });
});

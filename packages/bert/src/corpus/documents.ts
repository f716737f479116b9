/** A text that windows and sentence pairs never cross the border of. */
export interface Document {
  /** E.g. a file's name, or a year. */
  readonly name: string;
  /** Its sentences, or its paragraphs where sentences do not matter. */
  readonly sentences: readonly string[];
}

const segmenters = new Map<string, Intl.Segmenter>();

/**
 * The sentences of a text by the rules of Unicode, trimmed, empty ones left out.
 * @param locale a BCP 47 tag; default `en`
 */
export function splitSentences(text: string, locale = 'en'): string[] {
  let segmenter = segmenters.get(locale);
  if (!segmenter) {
    segmenter = new Intl.Segmenter(locale, { granularity: 'sentence' });
    segmenters.set(locale, segmenter);
  }
  return Array.from(segmenter.segment(text), ({ segment }) => segment.trim()).filter((sentence) => sentence !== '');
}

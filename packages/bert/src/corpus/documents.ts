/** A text that windows and sentence pairs never cross the border of. */
export interface Document {
  /** E.g. a file's name, or a year. */
  readonly name: string;
  /** Its sentences, or its paragraphs where sentences do not matter. */
  readonly sentences: readonly string[];
}

const segmenters = new Map<string, Intl.Segmenter>();

/** Code units segmented at a time: the time that `Intl.Segmenter` takes grows with the square of a text's length. */
const stretch = 2048;

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
  const sentences: string[] = [];
  let size = stretch;
  for (let from = 0; from < text.length; ) {
    const isLast = from + size >= text.length;
    const found = Array.from(segmenter.segment(text.slice(from, from + size)), ({ segment }) => segment);
    if (!isLast) found.pop(); // it may go on
    size = found.length === 0 ? size * 2 : stretch;
    for (const segment of found) {
      from += segment.length;
      const sentence = segment.trim();
      if (sentence !== '') sentences.push(sentence);
    }
  }
  return sentences;
}

/** A document, or a part of one that comes in parts because it is long. */
export interface DocumentPiece extends Document {
  /** Whether it goes on from the piece before; default false: a new document begins. */
  readonly continues?: boolean;
}

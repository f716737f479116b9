import { HooklineError, uniform } from '@hookline/core';
import { growableIntegers } from '../corpus/growable.js';
import type { TokenStore } from '../corpus/token-store.js';
import { truncatedLengths } from '../tokenizer/truncation.js';
import type { SpecialTokenIds } from '../tokenizer/vocabulary.js';
import type { Examples } from './examples.js';

/** Stretches of a document, each of some sentences and enough tokens to fill a row; sentences longer than half a row count as several. */
interface Chunks {
  readonly documents: Uint32Array; // [chunks]
  /** First border of each chunk in `borders`, and the end of the last. */
  readonly firstBorders: Uint32Array; // [chunks + 1]
  /** Where each chunk's sentences begin, and where its last ends, in tokens from the document's begin. */
  readonly borders: Uint32Array;
}

function chunksOf(tokens: TokenStore, room: number): Chunks {
  const half = Math.max(1, Math.floor(room / 2));
  const documents = growableIntegers();
  const firstBorders = growableIntegers();
  const borders = growableIntegers();
  for (let document = 0; document < tokens.documents; document++) {
    const end = tokens.length(document);
    const starts = tokens.sentenceStarts(document);
    let begin = -1; // of the open chunk
    starts.forEach((start, sentence) => {
      const next = starts[sentence + 1] ?? end;
      for (let from = start; from < next; from += half) {
        if (begin < 0) {
          begin = from;
          documents.push(document);
          firstBorders.push(borders.length);
        }
        borders.push(from);
        const to = Math.min(from + half, next);
        if (to - begin >= room || to === end) {
          borders.push(to);
          begin = -1;
        }
      }
    });
  }
  firstBorders.push(borders.length);
  return { documents: documents.values(), firstBorders: firstBorders.values(), borders: borders.values() };
}

/**
 * Pairs `[CLS] A [SEP] B [SEP]` for next-sentence prediction, after BERT's `create_instances_from_document` (google-research/bert):
 * a chunk of consecutive sentences is cut at a drawn border; B is the rest (label 0), or with probability 1/2 as many sentences
 * from a drawn place of another document (label 1). Both are cut longest first to S − 3 tokens, A at its begin and B at its end,
 * so that a true B really follows. Deviations: chunks are fixed, so each is an example once an epoch; a chunk of one sentence is
 * cut inside it, where BERT always takes a random B, so labels are even; a random B is no longer than the rest it stands for, so
 * that length does not tell the label.
 * @throws HooklineError `HOOKLINE_CORPUS` where there is only one document
 */
export function sentencePairs(tokens: TokenStore, vocabulary: SpecialTokenIds, sequenceLength: number, seed: number): Examples {
  if (tokens.documents < 2) {
    throw new HooklineError('HOOKLINE_CORPUS', 'next-sentence prediction takes its false sentences from another document, and there is only one', {
      hint: 'give more documents (text files: separate them by blank lines), or leave nextSentence out',
    });
  }
  const room = sequenceLength - 3;
  const { documents, firstBorders, borders } = chunksOf(tokens, room);

  const randomText = (example: number, epoch: number, own: number, wanted: number): { document: number; from: number; to: number } => {
    const other = Math.floor(uniform(seed, 'nextSentence', epoch, 4 * example + 2) * (tokens.documents - 1));
    const document = other >= own ? other + 1 : other;
    const starts = tokens.sentenceStarts(document);
    const sentence = Math.floor(uniform(seed, 'nextSentence', epoch, 4 * example + 3) * starts.length);
    const from = starts[sentence]!;
    let end = sentence + 1;
    while (end < starts.length && starts[end]! - from < wanted) end++;
    return { document, from, to: starts[end] ?? tokens.length(document) };
  };

  return {
    count: documents.length,
    pairs: true,
    write(example, epoch, ids, tokenTypeIds) {
      const document = documents[example]!;
      const chunk = borders.subarray(firstBorders[example]!, firstBorders[example + 1]!);
      const from = chunk[0]!;
      const to = chunk.at(-1)!;
      const cut = uniform(seed, 'nextSentence', epoch, 4 * example);
      const middle = chunk.length > 2 ? chunk[1 + Math.floor(cut * (chunk.length - 2))]! : from + 1 + Math.floor(cut * (to - from - 1));
      const isRandom = middle >= to || uniform(seed, 'nextSentence', epoch, 4 * example + 1) < 0.5;
      const b = isRandom ? randomText(example, epoch, document, Math.max(1, to - middle)) : { document, from: middle, to };
      const aEnd = Math.min(middle, to);
      const [lengthA, lengthB] = truncatedLengths(aEnd - from, b.to - b.from, room, 'fast');
      ids[0] = vocabulary.clsTokenId;
      ids.set(tokens.slice(document, aEnd - lengthA, aEnd), 1);
      ids[lengthA + 1] = vocabulary.sepTokenId;
      ids.set(tokens.slice(b.document, b.from, b.from + lengthB), lengthA + 2);
      const length = lengthA + lengthB + 3;
      ids[length - 1] = vocabulary.sepTokenId;
      tokenTypeIds.fill(1, lengthA + 2, length);
      return { length, label: isRandom ? 1 : 0 };
    },
  };
}

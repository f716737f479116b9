import type { Tokenizer } from '@hookline/bert';
import type { Example } from '../tasks/task.js';
import type { TokenRows } from './batch.js';
import { paddedLength } from './lengths.js';

interface EncodedRow {
  readonly ids: Int32Array;
  /** Tokens of the first text with its special tokens. */
  readonly first: number;
}

/** Examples as rows of tokens, each encoded when it is first asked for. */
export interface EncodedExamples {
  readonly count: number;
  /** Tokens of an example, special tokens included. */
  length(example: number): number;
  /** A batch of these examples, padded to the longest of them, rounded up by `paddedLength`. */
  rows(examples: readonly number[]): TokenRows;
}

/** @param maxLength tokens that a row may have; longer ones are cut, longest text first */
export function encodedExamples(examples: readonly Example[], tokenizer: Tokenizer, maxLength: number): EncodedExamples {
  const known: EncodedRow[] = [];
  const row = (example: number): EncodedRow => {
    const before = known[example];
    if (before) return before;
    const [a, b] = examples[example]!.texts;
    const { ids, tokenTypeIds } = tokenizer.encodeInput(a, b, { maxLength });
    const second = tokenTypeIds.indexOf(1);
    const encoded = { ids: Int32Array.from(ids), first: second < 0 ? ids.length : second };
    known[example] = encoded;
    return encoded;
  };
  return {
    count: examples.length,
    length: (example) => row(example).ids.length,
    rows(chosen) {
      const encoded = chosen.map(row);
      const [B, S] = [chosen.length, paddedLength(Math.max(...encoded.map(({ ids }) => ids.length)), maxLength)];
      const inputIds = new Int32Array(B * S).fill(tokenizer.padTokenId); // [B·S]
      const tokenTypeIds = new Int32Array(B * S); // [B·S]
      const attentionMask = new Float32Array(B * S); // [B·S]
      for (const [r, { ids, first }] of encoded.entries()) {
        inputIds.set(ids, r * S);
        tokenTypeIds.fill(1, r * S + first, r * S + ids.length);
        attentionMask.fill(1, r * S, r * S + ids.length);
      }
      return { batchSize: B, sequenceLength: S, inputIds, tokenTypeIds, attentionMask };
    },
  };
}

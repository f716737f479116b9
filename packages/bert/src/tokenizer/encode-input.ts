import { HooklineError } from '@hookline/core';
import { type Truncation, truncatedLengths } from './truncation.js';
import type { SpecialTokenIds } from './vocabulary.js';

/** A text or a pair as the model's input; all of the same length. */
export interface EncodedInput {
  readonly ids: number[];
  /** 0 for the first text with its [CLS] and [SEP], 1 for the second with its [SEP], 0 for padding. */
  readonly tokenTypeIds: number[];
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: number[];
}

export interface EncodeInputOptions {
  /** Tokens that fit, special tokens included: at least 2, and 3 for a pair. Default: no limit. */
  readonly maxLength?: number;
  /** Default `fast`. */
  readonly truncation?: Truncation;
  /** Whether to fill up to `maxLength` with [PAD]; default false. */
  readonly pad?: boolean;
  /** Whether `[MASK]` written in a text is the special token; default true. */
  readonly parseSpecialTokens?: boolean;
}

interface Encoder extends SpecialTokenIds {
  encode(text: string, options: { readonly parseSpecialTokens?: boolean }): number[];
}

/**
 * `[CLS] a [SEP]`, or `[CLS] a [SEP] b [SEP]`, cut longest first.
 * @throws HooklineError `HOOKLINE_OPTIONS` where not even the special tokens fit
 */
export function encodeInput(encoder: Encoder, a: string, b: string | undefined, options: EncodeInputOptions): EncodedInput {
  const { maxLength = Number.POSITIVE_INFINITY, truncation = 'fast', pad = false, parseSpecialTokens = true } = options;
  const isPair = b !== undefined && !(truncation === 'fast' && b === '');
  const room = maxLength - (isPair ? 3 : 2);
  if (!(room >= 0)) {
    throw new HooklineError('HOOKLINE_OPTIONS', `maxLength ${maxLength} has no room for the special tokens`, {
      hint: 'give at least 2, for a pair at least 3',
    });
  }
  if (pad && !Number.isFinite(maxLength)) throw new HooklineError('HOOKLINE_OPTIONS', 'pad needs maxLength', { hint: 'give the length to fill up to' });
  const first = encoder.encode(a, { parseSpecialTokens });
  const second = isPair ? encoder.encode(b, { parseSpecialTokens }) : [];
  const [keepA, keepB] = truncatedLengths(first.length, second.length, room, truncation);
  const head = [encoder.clsTokenId, ...first.slice(0, keepA), encoder.sepTokenId];
  const tail = isPair ? [...second.slice(0, keepB), encoder.sepTokenId] : [];
  const padding = pad ? maxLength - head.length - tail.length : 0;
  const fill = (value: number, length: number): number[] => new Array<number>(length).fill(value);
  return {
    ids: [...head, ...tail, ...fill(encoder.padTokenId, padding)],
    tokenTypeIds: [...fill(0, head.length), ...fill(1, tail.length), ...fill(0, padding)],
    attentionMask: [...fill(1, head.length + tail.length), ...fill(0, padding)],
  };
}

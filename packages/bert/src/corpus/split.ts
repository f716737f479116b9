import { HooklineError } from '@hookline/core';
import { type DocumentPart, selectTokens, type TokenStore } from './token-store.js';

/**
 * Whether a document is held out at a given share: every n-th, spread evenly, so that the choice needs no knowledge of how many
 * documents there are, and no draw.
 * @param fraction 0 < fraction < 1
 */
export const isHeldOut = (document: number, fraction: number): boolean => Math.floor((document + 1) * fraction + 0.5) > Math.floor(document * fraction + 0.5);

/** A tokenized corpus in two: what is trained on, and what is not. */
export interface SplitTokens {
  readonly train: TokenStore;
  readonly heldOut: TokenStore;
}

/**
 * Splits a corpus by whole documents: by a choice, or a share of them, spread evenly (`isHeldOut`). Where a share selects none, or all, of
 * the few documents there are, the same share of each document is held out instead, at its end.
 * @throws HooklineError `HOOKLINE_CORPUS` where nothing is left on one side
 */
export function splitTokens(tokens: TokenStore, heldOut: number | ((document: number) => boolean)): SplitTokens {
  const choose = typeof heldOut === 'number' ? (document: number) => isHeldOut(document, heldOut) : heldOut;
  const whole = (document: number): DocumentPart => ({ document, from: 0, to: tokens.length(document) });
  const all = Array.from({ length: tokens.documents }, (_, document) => document);
  let train = all.filter((document) => !choose(document)).map(whole);
  let held = all.filter(choose).map(whole);
  if ((held.length === 0 || train.length === 0) && typeof heldOut === 'number') {
    const border = ({ to }: DocumentPart): number => to - Math.round(to * heldOut);
    held = all.map(whole).map((part) => ({ ...part, from: border(part) }));
    train = all.map(whole).map((part) => ({ ...part, to: border(part) }));
  }
  const [trained, kept] = [train, held].map((parts) => parts.filter(({ from, to }) => from < to));
  if (trained!.length === 0 || kept!.length === 0) {
    const side = trained!.length === 0 ? 'to train on' : 'to hold out';
    throw new HooklineError('HOOKLINE_CORPUS', `${tokens.documents} documents of ${tokens.tokens} tokens leave nothing ${side}`, {
      hint: 'give more text, or hold out another share',
    });
  }
  return { train: selectTokens(tokens, trained!), heldOut: selectTokens(tokens, kept!) };
}

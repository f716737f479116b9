import { HooklineError } from '@hookline/core';

/** The tokens that BERT's inputs are built with, in the order in which a trained vocabulary begins. */
export const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

/** Ids of the special tokens, under the names that Hugging Face gives them. */
export interface SpecialTokenIds {
  readonly padTokenId: number;
  readonly unkTokenId: number;
  readonly clsTokenId: number;
  readonly sepTokenId: number;
  readonly maskTokenId: number;
}

/**
 * The tokens of a `vocab.txt`: one a line, the line's number is the id. A byte order mark and carriage returns at line ends are dropped.
 * @param source what to call the vocabulary in errors, e.g. its path
 * @throws HooklineError `HOOKLINE_VOCABULARY` where it is empty, has an empty line inside, or has a token twice
 */
export function parseVocabulary(text: string, source = 'the vocabulary'): readonly string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  while (lines.at(-1)?.trim() === '') lines.pop();
  const tokens = lines.map((line) => line.replace(/\r$/, ''));
  checkTokens(tokens, source);
  return tokens;
}

/** The text of a `vocab.txt`; the inverse of `parseVocabulary`. */
export const formatVocabulary = (tokens: readonly string[]): string => `${tokens.join('\n')}\n`;

function checkTokens(tokens: readonly string[], source: string): void {
  if (tokens.length === 0) throw new HooklineError('HOOKLINE_VOCABULARY', `${source} holds no token`, { hint: 'give a vocab.txt with one token a line' });
  const seen = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (token === '') throw new HooklineError('HOOKLINE_VOCABULARY', `${source}, line ${id + 1}: the token is empty`, { hint: 'remove the empty line' });
    const before = seen.get(token);
    if (before !== undefined) {
      throw new HooklineError('HOOKLINE_VOCABULARY', `${source}, line ${id + 1}: the token '${token}' stands already in line ${before + 1}`, {
        hint: 'remove one of the two',
      });
    }
    seen.set(token, id);
  }
}

/**
 * Ids of the special tokens.
 * @throws HooklineError `HOOKLINE_VOCABULARY` that names the vocabulary and the tokens it lacks
 */
export function specialTokenIds(ids: ReadonlyMap<string, number>, source = 'the vocabulary'): SpecialTokenIds {
  const missing = specialTokens.filter((token) => !ids.has(token));
  if (missing.length > 0) {
    throw new HooklineError('HOOKLINE_VOCABULARY', `${source} lacks the special token${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`, {
      hint: `add a line for each (any id will do), or train a vocabulary, which begins with ${specialTokens.join(' ')}`,
    });
  }
  const id = (token: (typeof specialTokens)[number]): number => ids.get(token)!;
  return { padTokenId: id('[PAD]'), unkTokenId: id('[UNK]'), clsTokenId: id('[CLS]'), sepTokenId: id('[SEP]'), maskTokenId: id('[MASK]') };
}

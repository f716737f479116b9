import { HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { tokenizerJson } from './library.js';
import { type Tokenizer, wordPiece } from './wordpiece.js';

const addedToken = z.object({ id: z.int().min(0), content: z.string().min(1), special: z.boolean().default(false) });

/** What is read of a `tokenizer.json`; truncation, padding and the template of special tokens are this package's own. */
const schema = z.object({
  added_tokens: z.array(addedToken).default([]),
  normalizer: z
    .object({
      type: z.literal('BertNormalizer', 'only BertNormalizer is supported'),
      clean_text: z.boolean().default(true),
      handle_chinese_chars: z.boolean().default(true),
      strip_accents: z.boolean().nullable().default(null),
      lowercase: z.boolean().default(true),
    })
    .describe('normalizer of BERT'),
  pre_tokenizer: z.object({ type: z.literal('BertPreTokenizer', 'only BertPreTokenizer is supported') }),
  model: z.object({
    type: z.literal('WordPiece', 'only WordPiece is supported').default('WordPiece'),
    unk_token: z.literal('[UNK]').default('[UNK]'),
    continuing_subword_prefix: z.literal('##').default('##'),
    max_input_chars_per_word: z.int().min(1).default(100),
    vocab: z.record(z.string(), z.int().min(0)),
  }),
});

function inOrder(vocab: Readonly<Record<string, number>>, source: string): readonly string[] {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  const size = Object.keys(vocab).length;
  for (let id = 0; id < size; id++) {
    if (tokens[id] === undefined) {
      throw new HooklineError('HOOKLINE_VOCABULARY', `${source}: no token has id ${id}`, { hint: `${size} tokens need the ids 0 to ${size - 1}, each once` });
    }
  }
  return tokens;
}

/**
 * A tokenizer from the text of a BERT's `tokenizer.json`.
 * @param source what to call the file in errors
 * @throws HooklineError `HOOKLINE_VOCABULARY` where it is not JSON, not a BERT's WordPiece, or lacks a special token
 */
export function tokenizerFromJson(text: string, source = 'tokenizer.json'): Tokenizer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HooklineError('HOOKLINE_VOCABULARY', `${source} is not JSON (${(cause as Error).message})`, {
      hint: 'give a tokenizer.json of Hugging Face',
      cause,
    });
  }
  const { added_tokens, normalizer, model } = parseOptions(source, schema, json, 'HOOKLINE_VOCABULARY');
  const vocab = { ...model.vocab, ...Object.fromEntries(added_tokens.map(({ content, id }) => [content, id])) };
  const vocabulary = inOrder(vocab, source);
  const isStandard = (content: string): boolean => ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].includes(content);
  return wordPiece(vocabulary, {
    source,
    lowercase: normalizer.lowercase,
    stripAccents: normalizer.strip_accents,
    handleChineseChars: normalizer.handle_chinese_chars,
    cleanText: normalizer.clean_text,
    maxInputCharsPerWord: model.max_input_chars_per_word,
    addedTokens: added_tokens.filter(({ content }) => !isStandard(content)),
  });
}

/** The text of a `tokenizer.json` that Hugging Face's libraries read, with the template of special tokens. */
export function tokenizerToJson(tokenizer: Tokenizer): string {
  const { vocabulary, settings, addedTokens, clsTokenId, sepTokenId, padTokenId, unkTokenId, maskTokenId } = tokenizer;
  const special = [padTokenId, unkTokenId, clsTokenId, sepTokenId, maskTokenId].sort((a, b) => a - b);
  const added = [...special.map((id) => ({ id, content: vocabulary[id]!, special: true })), ...addedTokens];
  const token = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  const sequence = (id: 'A' | 'B', type_id: number): object => ({ Sequence: { id, type_id } });
  const single = [token('[CLS]'), sequence('A', 0), token('[SEP]')];
  const entry = (id: string, number: number): [string, object] => [id, { id, ids: [number], tokens: [id] }];
  return JSON.stringify({
    ...tokenizerJson(vocabulary, added, settings),
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), { SpecialToken: { id: '[SEP]', type_id: 1 } }],
      special_tokens: Object.fromEntries([entry('[CLS]', clsTokenId), entry('[SEP]', sepTokenId)]),
    },
  });
}

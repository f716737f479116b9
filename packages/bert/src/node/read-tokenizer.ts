import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HooklineError } from '@hookline/core';
import * as z from 'zod';
import { tokenizerFromJson, tokenizerToJson } from '../tokenizer/tokenizer-json.js';
import { formatVocabulary, parseVocabulary } from '../tokenizer/vocabulary.js';
import { type Tokenizer, type WordPieceOptions, wordPiece } from '../tokenizer/wordpiece.js';
import { invalidUtf8At } from './utf8-lines.js';

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new HooklineError('HOOKLINE_VOCABULARY', `${path} cannot be read (${(cause as Error).message})`, {
      hint: 'give a vocab.txt, a tokenizer.json, or a folder with one of them',
      cause,
    });
  }
  const at = invalidUtf8At(bytes);
  if (at >= 0) throw new HooklineError('HOOKLINE_UTF8', `${path} is not UTF-8: byte 0x${bytes[at]!.toString(16).padStart(2, '0')} at offset ${at}`);
  return bytes.toString('utf8');
}

/** What is read of Hugging Face's `tokenizer_config.json`. */
const configSchema = z.object({
  tokenizer_class: z.string().nullish(),
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
});

/** Tokenizers of BERT, which set their normalizer by `tokenizer_config.json` whatever `tokenizer.json` says; other classes do not. */
const isOfBert = (name: string | null | undefined): boolean => name == null || /^BertTokenizer(Fast)?$/.test(name);

function settingsBeside(folder: string, file: 'tokenizer.json' | 'vocab.txt'): Partial<WordPieceOptions> {
  const path = join(folder, 'tokenizer_config.json');
  if (!existsSync(path)) return {};
  let config: z.output<typeof configSchema>;
  try {
    config = configSchema.parse(JSON.parse(readText(path)));
  } catch (cause) {
    throw new HooklineError('HOOKLINE_VOCABULARY', `${path} is no tokenizer configuration`, { hint: 'mend it or remove it', cause });
  }
  if (file === 'tokenizer.json' && !isOfBert(config.tokenizer_class)) return {};
  return {
    ...(config.do_lower_case != null && { lowercase: config.do_lower_case }),
    ...(config.strip_accents !== undefined && { stripAccents: config.strip_accents }),
    ...(config.tokenize_chinese_chars != null && { handleChineseChars: config.tokenize_chinese_chars }),
  };
}

/**
 * A tokenizer from a `vocab.txt`, a `tokenizer.json`, or a folder with one of them (`tokenizer.json` first). What a
 * folder's `tokenizer_config.json` says of lowercasing, accents and ideographs goes before `tokenizer.json`, as in BertTokenizerFast; a `vocab.txt` of which
 * nothing is said is lowercased, as bert-base-uncased is.
 * @param options settings that go before those found
 * @throws HooklineError `HOOKLINE_VOCABULARY` that names the file, and what it lacks; `HOOKLINE_UTF8`
 */
export function readTokenizer(path: string, options: WordPieceOptions = {}): Tokenizer {
  if (existsSync(path) && statSync(path).isDirectory()) {
    const [json, vocab] = [join(path, 'tokenizer.json'), join(path, 'vocab.txt')];
    if (existsSync(json)) return readTokenizer(json, { ...settingsBeside(path, 'tokenizer.json'), ...options });
    if (!existsSync(vocab)) {
      throw new HooklineError('HOOKLINE_VOCABULARY', `the folder ${path} has neither tokenizer.json nor vocab.txt`, { hint: 'give the path of a vocabulary' });
    }
    return readTokenizer(vocab, { ...settingsBeside(path, 'vocab.txt'), ...options });
  }
  const text = readText(path);
  if (!path.endsWith('.json')) return wordPiece(parseVocabulary(text, path), { source: path, ...options });
  const tokenizer = tokenizerFromJson(text, path);
  if (Object.keys(options).length === 0) return tokenizer;
  const { vocabulary, settings, addedTokens } = tokenizer;
  return wordPiece(vocabulary, { ...settings, addedTokens, source: path, ...options });
}

/**
 * Writes `vocab.txt`, `tokenizer.json` and `tokenizer_config.json` into a folder, as Hugging Face's libraries read them.
 * @param options.maxLength tokens that the model takes, which those libraries cut texts to when asked to truncate
 */
export function saveTokenizer(tokenizer: Tokenizer, folder: string, options: { readonly maxLength?: number } = {}): void {
  mkdirSync(folder, { recursive: true });
  const { lowercase, stripAccents, handleChineseChars } = tokenizer.settings;
  const config = {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: lowercase,
    strip_accents: stripAccents,
    tokenize_chinese_chars: handleChineseChars,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
    mask_token: '[MASK]',
    model_input_names: ['input_ids', 'token_type_ids', 'attention_mask'],
    ...(options.maxLength === undefined ? {} : { model_max_length: options.maxLength }),
  };
  writeFileSync(join(folder, 'vocab.txt'), formatVocabulary(tokenizer.vocabulary));
  writeFileSync(join(folder, 'tokenizer.json'), `${tokenizerToJson(tokenizer)}\n`);
  writeFileSync(join(folder, 'tokenizer_config.json'), `${JSON.stringify(config, undefined, 2)}\n`);
}

import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';

/** What is used of `@huggingface/tokenizers`, whose type declarations do not resolve under NodeNext. */
export interface Library {
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: ((text: string) => string[]) | null;
  readonly model: ((words: string[]) => string[]) & { readonly tokens_to_ids: Map<string, number> };
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
}

/** Settings of BERT's normalizer and of WordPiece, under the names of `tokenizer.json`. */
export interface WordPieceSettings {
  readonly lowercase: boolean;
  /** null: accents are stripped exactly when text is lowercased. */
  readonly stripAccents: boolean | null;
  /** Whether each CJK ideograph is a word of its own. */
  readonly handleChineseChars: boolean;
  readonly cleanText: boolean;
  /** Longer words are [UNK]. */
  readonly maxInputCharsPerWord: number;
}

/** A token that is matched in the text as it stands, before it is normalized. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** The object that a `tokenizer.json` of a BERT holds, without what is done here and not there: truncation, padding, the template. */
export function tokenizerJson(vocabulary: readonly string[], added: readonly AddedToken[], settings: WordPieceSettings): Record<string, unknown> {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, special }) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: settings.cleanText,
      handle_chinese_chars: settings.handleChineseChars,
      strip_accents: settings.stripAccents,
      lowercase: settings.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: settings.maxInputCharsPerWord,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  };
}

export const createLibrary = (json: Record<string, unknown>): Library => new LibraryTokenizer(json, {}) as Library;

/** Ideographs outside the basic plane: U+20000–2A6DF, 2A700–2CEAF, 2F800–2FA1F. */
const astralIdeographs = /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;
const mayNeedMending = /[\u03A3\uD840-\uD87E]/;

/**
 * Mends a text before the library sees it, in the two places where the library differs from both reference tokenizers:
 * it lowercases a capital sigma at a word's end to ς (the references lowercase each character by itself, to σ), and it does not
 * set ideographs outside the basic plane apart.
 */
export function mendText(text: string, settings: Pick<WordPieceSettings, 'lowercase' | 'handleChineseChars'>): string {
  if (!mayNeedMending.test(text)) return text;
  const sigma = settings.lowercase ? text.replaceAll('\u03A3', '\u03C3') : text;
  return settings.handleChineseChars ? sigma.replace(astralIdeographs, ' $& ') : sigma;
}

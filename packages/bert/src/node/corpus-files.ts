import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';
import { type DocumentPiece, splitSentences } from '../corpus/documents.js';
import { fingerprint } from '../tokenizer/fingerprint.js';
import { utf8Lines } from './utf8-lines.js';

/** How files are read; each choice with its default. */
export const corpusFilesOptions = z.strictObject({
  /** What ends a document in text files. Default: blank lines in a single file, the file's end in a folder. */
  documents: z.enum(['blankLines', 'files']).optional(),
  /** `unicode` (default): sentences by the rules of Unicode, found across line ends; `lines`: each line is one, as in Google's format, and faster. */
  sentences: z.enum(['unicode', 'lines']).default('unicode'),
  /** Field of the text in JSON lines; default `text`. */
  field: z.string().min(1).default('text'),
  /** Language of the text for finding sentences, a BCP 47 tag; default `en`. */
  locale: z.string().min(1).default('en'),
});

export type CorpusFilesOptions = z.input<typeof corpusFilesOptions>;

/** Text files and JSON lines, read as documents, as often as needed, without ever holding a file. */
export interface CorpusFiles {
  /** In the order in which they are read. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Changes when a file's path, size or time changes, or the way it is read. */
  readonly key: string;
  pieces(onBytes?: (bytes: number) => void): AsyncGenerator<DocumentPiece>;
}

const jsonExtensions = ['.jsonl', '.ndjson', '.json'];
const extensions = ['.txt', '.text', '.md', ...jsonExtensions];
const maxParagraph = 65_536; // code units
const maxJsonLine = 2 ** 26; // code units
const sentencesPerPiece = 1000;

type ReadOptions = z.output<typeof corpusFilesOptions>;

/**
 * A corpus from a file or a folder with its subfolders: `.txt`, `.text` and `.md` are text, `.jsonl`, `.ndjson` and `.json` hold a
 * document a line; a single file of any other name is text.
 * @throws HooklineError `HOOKLINE_CORPUS` where nothing is there, or no such file in a folder
 */
export function corpusFiles(path: string, options: CorpusFilesOptions = {}): CorpusFiles {
  const read = parseOptions('corpus', corpusFilesOptions, options);
  const stats = statOf(path);
  const files = stats.isDirectory() ? filesIn(path) : [path];
  if (files.length === 0) {
    throw new HooklineError('HOOKLINE_CORPUS', `the folder ${path} has no text files`, {
      hint: `give a folder with files that end in ${extensions.join(', ')}`,
    });
  }
  const whole = { ...read, documents: read.documents ?? (stats.isDirectory() ? 'files' : 'blankLines') } satisfies ReadOptions;
  const about = files.map((file) => ({ file, stats: statOf(file) }));
  return {
    files,
    bytes: about.reduce((sum, one) => sum + one.stats.size, 0),
    key: fingerprint([JSON.stringify(whole), ...about.map((one) => `${resolve(one.file)} ${one.stats.size} ${one.stats.mtimeMs}`)]),
    async *pieces(onBytes) {
      for (const file of files) {
        const name = stats.isDirectory() ? relative(path, file) : file;
        const isJson = jsonExtensions.includes(extname(file).toLowerCase());
        yield* isJson ? jsonDocuments(file, name, whole, onBytes) : textDocuments(file, name, whole, onBytes);
      }
    },
  };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new HooklineError('HOOKLINE_CORPUS', missing ? `there is no file or folder ${path}` : `${path} cannot be read (${(cause as Error).message})`, {
      hint: 'give the path of a text file, of JSON lines, or of a folder with such files',
      cause,
    });
  }
}

function filesIn(folder: string, seen: ReadonlySet<string> = new Set()): string[] {
  const real = realpathSync(folder);
  if (seen.has(real)) return []; // a link back to where we came from
  const inside = new Set([...seen, real]);
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    const target = entry.isSymbolicLink() ? statOf(path) : entry;
    if (target.isDirectory()) return filesIn(path, inside);
    return target.isFile() && extensions.includes(extname(entry.name).toLowerCase()) ? [path] : [];
  });
}

async function* textDocuments(file: string, name: string, options: ReadOptions, onBytes?: (bytes: number) => void): AsyncGenerator<DocumentPiece> {
  const { documents, sentences: how, locale } = options;
  let ordinal = 0;
  let paragraph = '';
  let sentences: string[] = [];
  let begun = false; // whether a piece of this document has gone out
  const settle = (): void => {
    if (paragraph !== '') sentences.push(...splitSentences(paragraph, locale));
    paragraph = '';
  };
  const piece = (): DocumentPiece => {
    const out = { name: documents === 'files' ? name : `${name}#${ordinal}`, sentences, continues: begun };
    sentences = [];
    begun = true;
    return out;
  };
  const endDocument = function* (): Generator<DocumentPiece> {
    settle();
    if (sentences.length > 0) yield piece();
    if (begun) ordinal++;
    begun = false;
  };
  for await (const { lines } of utf8Lines(file, { ...(onBytes && { onBytes }) })) {
    for (const line of lines) {
      const text = line.trim();
      if (text === '') {
        if (documents === 'blankLines') yield* endDocument();
        else settle();
        continue;
      }
      if (how === 'lines') sentences.push(text);
      else {
        paragraph = paragraph === '' ? text : `${paragraph} ${text}`;
        if (paragraph.length > maxParagraph) settle();
      }
      if (sentences.length >= sentencesPerPiece) yield piece();
    }
  }
  yield* endDocument();
}

async function* jsonDocuments(file: string, name: string, options: ReadOptions, onBytes?: (bytes: number) => void): AsyncGenerator<DocumentPiece> {
  const { field, sentences: how, locale } = options;
  const wrong = (line: number, what: string, cause?: unknown): never => {
    throw new HooklineError('HOOKLINE_CORPUS', `${file}, line ${line}: ${what}`, { hint: `each line is a JSON object with a text in '${field}'`, cause });
  };
  const onTooLong = (line: number): never => wrong(line, `is longer than ${maxJsonLine} characters`);
  for await (const { lines, first } of utf8Lines(file, { maxLength: maxJsonLine, onTooLong, ...(onBytes && { onBytes }) })) {
    for (const [i, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const text = textOf(line, field, (what, cause) => wrong(first + i, what, cause));
      const paragraphs = text.split(/\r?\n/).map((paragraph) => paragraph.trim());
      const sentences = how === 'lines' ? paragraphs.filter((one) => one !== '') : paragraphs.flatMap((one) => splitSentences(one, locale));
      yield { name: `${name}:${first + i}`, sentences };
    }
  }
}

function textOf(line: string, field: string, wrong: (what: string, cause?: unknown) => never): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    return wrong('is not JSON', cause);
  }
  const text = (value as Record<string, unknown> | null)?.[field];
  return typeof text === 'string' ? text : wrong(`has no text in '${field}'`);
}

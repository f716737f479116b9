import { HooklineError } from '@hookline/core';

/** Where in a file of examples something stands. */
export interface Place {
  readonly file: string;
  /** From 1; with a Parquet file, the row. */
  readonly line?: number;
  /** e.g. `column 4 (label)`. */
  readonly column?: string;
  /** What `line` counts; default `line`. */
  readonly unit?: 'line' | 'row';
}

/** What a file holds, fit for a message: not longer, and with nothing that a terminal would act on. */
export const shortened = (text: string, most = 40): string =>
  (text.length > most ? `${text.slice(0, most)}…` : text).replace(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** A column of a table, as an error names it. */
export const columnAt = (index: number, name: string): string => `column ${index + 1} (${shortened(name)})`;

/** What is wrong with a file of examples: `file, line 3, column 4 (label): …`. */
export function dataError({ file, line, column, unit = 'line' }: Place, what: string, hint?: string, cause?: unknown): HooklineError {
  const where = [file, ...(line === undefined ? [] : [`${unit} ${line}`]), ...(column === undefined ? [] : [column])].join(', ');
  return new HooklineError('HOOKLINE_DATA', `${where}: ${what}`, { ...(hint !== undefined && { hint }), cause });
}

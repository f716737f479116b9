import { extname } from 'node:path';
import { didYouMean } from '@hookline/core';
import { CsvError, parse } from 'csv-parse/sync';
import { columnAt, dataError, shortened } from '../data/data-error.js';
import { maxRow, textLines, textParts, tooLong } from './text-file.js';

/** A row of a user's file: the columns that were asked for, in their order. */
export interface LabelledRow {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly values: readonly unknown[];
}

/** The rows of a user's file, and how an error names one of the columns. */
export interface LabelledRows {
  readonly rows: AsyncGenerator<LabelledRow>;
  /** @param i which of the columns that were asked for */
  readonly columnName: (i: number) => string;
}

type Reader = (file: string, columns: readonly string[]) => Promise<LabelledRows>;

const readers: Readonly<Record<string, Reader>> = {
  '.tsv': (file, columns) => tableRows(file, columns, tabbedLines(file)),
  '.csv': (file, columns) => tableRows(file, columns, quotedRecords(file)),
  '.jsonl': jsonRows,
  '.ndjson': jsonRows,
};

/**
 * Reads columns of a `.tsv` (no quoting), `.csv` (RFC 4180) or `.jsonl`/`.ndjson` file. The first two begin with a header. Blank lines are
 * passed over.
 * @throws HooklineError `HOOKLINE_DATA` with file, line and column: another kind of file, a column that is not there, a row of another
 * number of columns, broken quoting, no JSON, no text; `HOOKLINE_UTF8`, `HOOKLINE_PERMISSION`
 */
export function labelledRows(file: string, columns: readonly string[]): Promise<LabelledRows> {
  const read = readers[extname(file).toLowerCase()];
  if (read) return read(file, columns);
  throw dataError({ file }, `no way is known to read a file that ends in '${extname(file)}'`, `give one that ends in ${Object.keys(readers).join(', ')}`);
}

interface Cells {
  readonly line: number;
  readonly cells: readonly string[];
}

async function* tabbedLines(file: string): AsyncGenerator<Cells> {
  for await (const { lines, first } of textLines(file))
    for (const [i, line] of lines.entries()) {
      const cells = line.split('\t');
      if (!isBlank(cells)) yield { line: first + i, cells };
    }
}

/** A line without anything; one of separators alone is a row of empty cells. */
const isBlank = (cells: readonly string[]): boolean => cells.length === 1 && cells[0]!.trim() === '';

/** What csv-parse finds wrong, in our words where it is the quoting. */
const quoting: Readonly<Partial<Record<string, string>>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and not closed',
  INVALID_OPENING_QUOTE: 'there is a quote inside a cell that has none around it',
  CSV_INVALID_CLOSING_QUOTE: 'there is text behind a closing quote',
};

async function* quotedRecords(file: string): AsyncGenerator<Cells> {
  let text = '';
  for await (const part of textParts(file)) text += part;
  const lineEnd = text.includes('\n') ? '\n' : '\r';
  const records: Cells[] = [];
  let ended = 0;
  try {
    parse(text, {
      relax_column_count: true,
      max_record_size: 3 * maxRow, // in bytes, of which no character takes more than three
      record_delimiter: lineEnd === '\n' ? ['\r\n', '\n'] : '\r',
      on_record: (cells: string[]) => {
        if (!isBlank(cells)) records.push({ line: ended + 1, cells });
        ended += cells.reduce((sum, cell) => sum + cell.split(lineEnd).length - 1, 1); // csv-parse's own count takes a \r\n inside a cell for two
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    if (cause.code === 'CSV_MAX_RECORD_SIZE') throw tooLong(file, ended + 1);
    throw dataError({ file, line: ended + 1 }, quoting[cause.code] ?? cause.message, 'put quotes around a cell, and double those inside', cause);
  }
  yield* records;
}

async function tableRows(file: string, columns: readonly string[], cells: AsyncGenerator<Cells>): Promise<LabelledRows> {
  const first = await cells.next();
  if (first.done) throw dataError({ file }, 'the file is empty', 'its first line names the columns');
  const header = first.value.cells.map((name) => name.trim());
  const { line } = first.value;
  const places = columns.map((name) => {
    const found = header.indexOf(name);
    if (found < 0) throw dataError({ file, line }, `the header has no column '${name}'`, didYouMean(name, headerNames(header)));
    if (found !== header.lastIndexOf(name)) throw dataError({ file, line }, `the header names '${name}' twice`);
    return found;
  });
  async function* rows(): AsyncGenerator<LabelledRow> {
    for await (const row of cells) {
      const count = row.cells.length;
      if (count > header.length) throw dataError({ file, line: row.line }, `has ${count} cells, and the header ${header.length}`);
      if (count < header.length) {
        const column = columnAt(count, header[count]!);
        throw dataError({ file, line: row.line, column }, `is missing: the row has ${count} ${count === 1 ? 'cell' : 'cells'} of ${header.length}`);
      }
      yield { line: row.line, values: places.map((place) => row.cells[place]) };
    }
  }
  return { rows: rows(), columnName: (i) => columnAt(places[i]!, columns[i]!) };
}

/** What a header names, fit for a message. */
const headerNames = (header: readonly string[]): readonly string[] => header.filter((name) => name !== '').map((name) => shortened(name));

async function jsonRows(file: string, columns: readonly string[]): Promise<LabelledRows> {
  const wrong = (line: number, what: string, hint = 'each line is a JSON object', cause?: unknown) => dataError({ file, line }, what, hint, cause);
  const parsed = (text: string, line: number): Readonly<Record<string, unknown>> => {
    try {
      const value = JSON.parse(text) as unknown;
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch (cause) {
      throw wrong(line, 'is no JSON', undefined, cause);
    }
    throw wrong(line, 'is no JSON object');
  };
  async function* rows(): AsyncGenerator<LabelledRow> {
    for await (const { lines, first } of textLines(file)) {
      for (const [i, text] of lines.entries()) {
        if (text.trim() === '') continue;
        const line = first + i;
        const object = parsed(text, line);
        const missing = columns.find((name) => !Object.hasOwn(object, name));
        if (missing !== undefined) throw wrong(line, `has no field '${missing}'`, didYouMean(missing, Object.keys(object)));
        yield { line, values: columns.map((name) => object[name]) };
      }
    }
  }
  return { rows: rows(), columnName: (i) => `field '${columns[i]}'` };
}

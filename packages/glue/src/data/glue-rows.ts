import type { GlueTask, SplitLayout } from '../tasks/glue-task.js';
import type { Example } from '../tasks/task.js';
import { columnAt, dataError, shortened } from './data-error.js';
import { parseLabel } from './parse-label.js';
import { type SkippedRows, skippedRows } from './skipped-rows.js';

/** Makes examples of the lines of one official file, line by line. */
export interface GlueRows {
  /**
   * @param line without its end; a byte order mark is dropped already
   * @throws HooklineError `HOOKLINE_DATA`: a header that is not the file's, an unknown label, a number out of range
   */
  read(line: string): void;
  /** @throws HooklineError `HOOKLINE_DATA` where there was no example */
  end(): { readonly examples: readonly Example[]; readonly warnings: readonly string[] };
}

/**
 * A reader of the official layout: tab-separated, a `"` is text, columns exactly those of the task.
 *
 * Rows with another number of columns, blank lines, and labelled rows with an empty text are left out with a warning that counts them;
 * without labels an empty text stays, since the server wants a prediction for every row. A row that is left out keeps its index; a blank
 * line, which has not even a tab, has none. Where there are no labels the first column numbers the rows, and must count them without a gap.
 */
export function glueRows(task: GlueTask, layout: SplitLayout, file: string): GlueRows {
  const examples: Example[] = [];
  const skipped = skippedRows();
  let line = 0;
  let index = 0;
  let number: number | undefined;
  const checkNumber = (text: string): void => {
    const found = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    const expected = number === undefined ? found : number + 1;
    if (Number.isNaN(found) || found !== expected) {
      const what = Number.isNaN(found) ? `'${shortened(text)}' is no number of a row` : `${found} does not follow ${number}`;
      throw dataError({ file, line, column: columnAt(0, layout.columns[0]!) }, what, `rows are missing or out of order: ${again}`);
    }
    number = found;
  };
  return {
    read(text) {
      line++;
      if (line === 1 && layout.header) return checkHeader(text, layout, file);
      if (text === '') return skipped.add('blank', line);
      const cells = text.split('\t');
      if (layout.label === undefined) checkNumber(cells[0]!);
      const example = exampleOf(cells, { task, layout, file, line, index: index++, skipped });
      if (example) examples.push(example);
    },
    end() {
      if (line === 0) throw dataError({ file }, 'the file is empty', again);
      const warnings = skipped.warnings(file);
      if (examples.length === 0) throw dataError({ file }, warnings[0] ? 'no row can be used' : 'there are no rows below the header', again);
      return { examples, warnings };
    },
  };
}

const again = 'take the file out of the official archive again';

function checkHeader(text: string, { columns }: SplitLayout, file: string): void {
  const found = text.split('\t');
  if (found.length === columns.length && found.every((name, i) => name === columns[i])) return;
  const at = columns.findIndex((name, i) => name !== found[i]);
  const place = at < 0 ? { file, line: 1 } : { file, line: 1, column: columnAt(at, columns[at]!) };
  const what = at < 0 ? `the header has ${found.length} columns instead of ${columns.length}` : `the header has ${shown(found[at])} here`;
  throw dataError(place, what, `the header of this file is: ${columns.join(' | ')}`);
}

const shown = (name: string | undefined): string => (name === undefined ? 'nothing' : `'${shortened(name)}'`);

interface RowOf {
  readonly task: GlueTask;
  readonly layout: SplitLayout;
  readonly file: string;
  readonly line: number;
  readonly index: number;
  readonly skipped: SkippedRows;
}

function exampleOf(cells: readonly string[], { task, layout, file, line, index, skipped }: RowOf): Example | undefined {
  const { columns, label, texts } = layout;
  if (cells.length !== columns.length) {
    skipped.add(`of ${cells.length < columns.length ? 'fewer' : 'more'} than ${columns.length} columns`, line);
    return undefined;
  }
  const found = texts.map((column) => cells[column]!) as unknown as Example['texts'];
  if (label === undefined) return { index, texts: found, label: undefined };
  if (found.some((text) => text.trim() === '')) {
    skipped.add('with an empty text', line);
    return undefined;
  }
  const value = parseLabel(cells[label]!, task.target, task.written);
  if (typeof value !== 'number') throw dataError({ file, line, column: columnAt(label, columns[label]!) }, value.problem, value.hint);
  return { index, texts: found, label: value };
}

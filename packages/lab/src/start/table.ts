import type { ReportTable } from '../report/index.js';
import type { StartRow, StartSummary } from './summary.js';
import { bestMeasure, percent, signed, withError } from './wording.js';

const blocks = ({ run, possible }: StartRow['blocks']): string => (possible === 0 ? '–' : `${run} of ${possible} (${percent(run / possible, 0)})`);

const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(1)} ms`;

/** The result as a table, for the terminal and the report. */
export function startTable(summary: StartSummary): ReportTable {
  const dense = summary.rows.find((row) => row.key === 'dense')!;
  const saved = (row: StartRow): string => {
    if (row.key === 'dropping') return withError(summary.timeSaved, percent);
    if (row.key === 'post' || row.key === 'control') return '';
    return row.key === 'dense' ? '–' : percent(1 - row.seconds / dense.seconds);
  };
  const processor = (row: StartRow): string => (row.key === 'dropping' ? withError(summary.processorTimeSaved, percent) : row.key === 'dense' ? '–' : '');
  const expected = (row: StartRow): string =>
    row.key === 'dropping' || row.key === 'equalTime' ? percent(summary.expectedTimeSaved) : row.key === 'dense' ? '–' : '';
  return {
    title: 'Summary',
    columns: ['Variant', 'Steps', 'Held-out loss', 'Against control', 'A step', 'Block runs', 'Time saved', 'Processor time saved', 'Expected'],
    rows: summary.rows.map((row) => [
      row.name,
      String(row.steps),
      row.heldOutLoss.toFixed(4),
      row.againstControl ? withError(row.againstControl, (value) => signed(value)) : '–',
      milliseconds(row.secondsAStep),
      blocks(row.blocks),
      saved(row),
      processor(row),
      expected(row),
    ]),
    caption:
      'Losses in nats; ± is two standard errors, of the paired difference over held-out batches and of the time ratio over chunks. Time saved is against PreLN for the full steps, on the wall and on the processor.',
  };
}

/** The result in a terminal's width: time by the better measure, without the columns that the report has besides. */
export function terminalTable(summary: StartSummary): Pick<ReportTable, 'columns' | 'rows'> {
  const { saved, of } = bestMeasure(summary);
  const shareSaved = (row: StartRow): string => (row.key === 'dropping' ? withError(saved, percent) : row.key === 'dense' ? '–' : '');
  return {
    columns: ['Variant', 'Steps', 'Held out', 'A step', 'Block runs', of === 'processor time' ? 'CPU time saved' : 'Time saved', 'Expected'],
    rows: summary.rows.map((row) => [
      row.name,
      String(row.steps),
      row.heldOutLoss.toFixed(4),
      milliseconds(row.secondsAStep),
      row.blocks.possible === 0 ? '–' : `${row.blocks.run} of ${row.blocks.possible}`,
      shareSaved(row),
      row.key === 'dropping' ? percent(summary.expectedTimeSaved) : row.key === 'dense' ? '–' : '',
    ]),
  };
}

/** A table as lines of text, first column to the left, the others to the right. */
export function tableLines({ columns, rows }: Pick<ReportTable, 'columns' | 'rows'>): readonly string[] {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => (i === 0 ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return [line(columns), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)];
}

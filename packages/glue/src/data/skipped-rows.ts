/** Rows that are left out of a set, counted by reason, so that none goes missing in silence. */
export interface SkippedRows {
  /** @param reason what the row is, e.g. `shorter than the header` */
  add(reason: string, line: number): void;
  /** A sentence for each reason. */
  warnings(file: string): readonly string[];
}

/** An empty count. `unit`: what the numbers of lines count, e.g. `row` in a Parquet file. */
export function skippedRows(unit = 'line'): SkippedRows {
  const reasons = new Map<string, { count: number; first: number }>();
  return {
    add(reason, line) {
      const found = reasons.get(reason);
      if (found) found.count++;
      else reasons.set(reason, { count: 1, first: line });
    },
    warnings: (file) =>
      [...reasons].map(([reason, { count, first }]) =>
        count === 1 ? `${file}: skipped 1 row, ${reason} (${unit} ${first})` : `${file}: skipped ${count} rows, ${reason} (the first in ${unit} ${first})`,
      ),
  };
}

import { tableLines } from '../../start/table.js';
import type { BenchRecompute } from '../recompute.js';
import { megabytes, spread, timingColumns, timingRow } from './common.js';

export const recomputeLines = ({ timings, ratios, memory, saved }: BenchRecompute): readonly string[] => [
  ...tableLines({ columns: timingColumns, rows: timings.map(timingRow) }),
  '',
  ...ratios.map(
    ({ name, time, difference }) => `${name}: a step takes ${spread(time)} times as long; losses differ by at most ${difference.toExponential(1)}.`,
  ),
  ...memory.map(({ name, stepped, peak }) => `${name}: ${megabytes(peak)} MB at the most, ${megabytes(peak - stepped)} MB above a loaded and stepped model.`),
  `Memory above a loaded and stepped model falls by ${(100 * saved).toFixed(1)} %.`,
];

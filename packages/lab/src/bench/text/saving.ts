import { tableLines } from '../../start/table.js';
import type { BenchSaving } from '../saving.js';
import { milliseconds, spread, timingColumns, timingRow } from './common.js';

export const savingLines = (result: BenchSaving): readonly string[] => [
  ...tableLines({ columns: timingColumns, rows: result.timings.map(timingRow) }),
  '',
  `An open block costs ${milliseconds(result.millisecondsPerBlock)} ms; dropping every block could save ${milliseconds(result.most)} ms.`,
  `Saving realised: ${(100 * result.realised).toFixed(1)} % of a dropped block's time.`,
  ...result.drops.map((drop) => `${drop.dropped} of ${result.shape.numHiddenLayers} blocks dropped: time saved over ideal ${spread(drop, 3)}.`),
];

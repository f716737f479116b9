import { tableLines } from '../../start/table.js';
import type { BenchCnn } from '../cnn.js';
import { spread, timingColumns, timingRow } from './common.js';

export const cnnShapeLine = ({ filters, blocksPerStage, size, batchSize }: BenchCnn['shape']): string =>
  `residual CNN of tf.layers, ${filters.join('-')} channels, ${blocksPerStage} blocks of each, batch ${batchSize} x ${size} x ${size} x 3`;

export const cnnLines = ({ timings, compiledOverPlain, graphs, lossDifference }: BenchCnn): readonly string[] => [
  ...tableLines({ columns: timingColumns, rows: timings.map(timingRow) }),
  '',
  `Compiled over op by op: ${spread(compiledOverPlain, 3)}; ${graphs} graphs.`,
  `Losses over 10 steps agreed within ${lossDifference.toExponential(1)}.`,
];

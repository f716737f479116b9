import type { TrainingShape } from '../../shape.js';
import type { Timing } from '../interleave.js';
import type { BenchMachine } from '../machine.js';
import type { Spread } from '../spread.js';

export const milliseconds = (time: number): string => time.toFixed(time < 1 ? 2 : time < 100 ? 1 : 0);

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

export const machineLine = ({ processor, cores, system, node, tfjs, engine, date }: BenchMachine): string =>
  `${processor}, ${cores} cores, ${system}; Node ${node}, tfjs ${tfjs}, ${engine}; ${date}`;

export const shapeLine = (shape: TrainingShape): string =>
  `BERT L=${shape.numHiddenLayers} H=${shape.hiddenSize} A=${shape.numAttentionHeads} V=${shape.vocabSize}, batch ${shape.batchSize} x ${shape.sequenceLength}, ${shape.maskedPerRow} masked a row`;

/** Columns of `timingRow`. */
export const timingColumns: readonly string[] = ['', 'ms a step', 'quartiles', 'steps'];

export const timingRow = ({ name, median, quartiles, times }: Timing): string[] => [
  name,
  milliseconds(median),
  quartiles.map(milliseconds).join(' – '),
  String(times.length),
];

/** A median with its quartiles. */
export const spread = ({ median, quartiles }: Spread, digits = 2): string =>
  `${median.toFixed(digits)} (${quartiles.map((q) => q.toFixed(digits)).join(' – ')})`;

/** A share with its quartiles, in percent. */
export const percentages = ({ median, quartiles }: Spread): string =>
  `${(100 * median).toFixed(2)} % (${quartiles.map((q) => (100 * q).toFixed(2)).join(' – ')})`;

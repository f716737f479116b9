import type { TrainingShape } from '../shape.js';
import { tableLines } from '../start/table.js';
import type { Timing } from './interleave.js';
import type { BenchMachine } from './machine.js';
import type { BenchSaving } from './saving.js';
import type { BenchStep } from './step.js';

const milliseconds = (time: number): string => time.toFixed(time < 100 ? 1 : 0);

const machineLine = ({ processor, cores, system, node, tfjs, engine, date }: BenchMachine): string =>
  `${processor}, ${cores} cores, ${system}; Node ${node}, tfjs ${tfjs}, ${engine}; ${date}`;

const shapeLine = (shape: TrainingShape): string =>
  `BERT L=${shape.numHiddenLayers} H=${shape.hiddenSize} A=${shape.numAttentionHeads} V=${shape.vocabSize}, batch ${shape.batchSize} x ${shape.sequenceLength}, ${shape.maskedPerRow} masked a row`;

const timingRow = ({ name, median, quartiles, times }: Timing): string[] => [
  name,
  milliseconds(median),
  quartiles.map(milliseconds).join(' – '),
  String(times.length),
];

/** A benchmark as lines of text. */
export function benchLines(result: BenchStep | BenchSaving): readonly string[] {
  const head = [machineLine(result.machine), `${shapeLine(result.shape)}; ${result.clock === 'cpu' ? 'processor time' : 'time on the wall'}`, ''];
  const columns = ['', 'ms a step', 'quartiles', 'steps'];
  if (result.kind === 'step') {
    const ratio = (name: string): string => {
      const found = result.ratios.find((one) => one.name === name);
      return found ? `${found.median.toFixed(2)} (${found.quartiles.map((q) => q.toFixed(2)).join(' – ')})` : '1';
    };
    return [
      ...head,
      ...tableLines({ columns: [...columns, 'times as long'], rows: result.timings.map((timing) => [...timingRow(timing), ratio(timing.name)]) }),
    ];
  }
  return [
    ...head,
    ...tableLines({ columns, rows: result.timings.map(timingRow) }),
    '',
    `An open block costs ${milliseconds(result.millisecondsPerBlock)} ms; dropping every block could save ${milliseconds(result.most)} ms.`,
    `Saving realised: ${(100 * result.realised).toFixed(1)} % of a dropped block's time.`,
  ];
}

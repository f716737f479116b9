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

const spread = (median: number, quartiles: readonly [number, number], digits = 2): string =>
  `${median.toFixed(digits)} (${quartiles.map((q) => q.toFixed(digits)).join(' – ')})`;

function stepLines({ timings, ratios, floors, torch, dropout }: BenchStep, columns: readonly string[]): readonly string[] {
  const ratio = (name: string): string[] => {
    const found = ratios.find((one) => one.name === name);
    if (found) return [spread(found.median, found.quartiles), found.ours.toFixed(3)];
    return name === timings[0]?.name ? ['1', '1'] : ['', ''];
  };
  const floorLines = floors.map(
    ({ name, gigaflops, median, quartiles }) =>
      `${name}: ${gigaflops.toFixed(0)} GFLOP/s in the step's matrix products; the step takes ${spread(median, quartiles)} times as long as they alone.`,
  );
  return [
    ...tableLines({ columns: [...columns, 'times as long', 'hookline over it'], rows: timings.map((timing) => [...timingRow(timing), ...ratio(timing.name)]) }),
    '',
    ...floorLines,
    ...(dropout > 0 ? [`Dropout ${dropout} in hookline and PyTorch, none in stock.`] : []),
    ...(torch
      ? [`PyTorch ${torch.version}, ${torch.threads} threads; losses over 10 steps without dropout agreed within ${torch.lossDifference.toExponential(1)}.`]
      : []),
  ];
}

/** A benchmark as lines of text. */
export function benchLines(result: BenchStep | BenchSaving): readonly string[] {
  const head = [machineLine(result.machine), `${shapeLine(result.shape)}; ${result.clock === 'cpu' ? 'processor time' : 'time on the wall'}`, ''];
  const columns = ['', 'ms a step', 'quartiles', 'steps'];
  if (result.kind === 'step') {
    return [...head, ...stepLines(result, columns)];
  }
  return [
    ...head,
    ...tableLines({ columns, rows: result.timings.map(timingRow) }),
    '',
    `An open block costs ${milliseconds(result.millisecondsPerBlock)} ms; dropping every block could save ${milliseconds(result.most)} ms.`,
    `Saving realised: ${(100 * result.realised).toFixed(1)} % of a dropped block's time.`,
    ...result.drops.map(
      ({ dropped, median, quartiles }) =>
        `${dropped} of ${result.shape.numHiddenLayers} blocks dropped: time saved over ideal ${spread(median, quartiles, 3)}.`,
    ),
  ];
}

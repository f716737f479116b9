import { expectedSaving } from '@hookline/pld-plugin';
import { machineFacts } from '../recording/machine.js';
import { partsOf } from '../recording/stopwatch.js';
import type { Report, ReportVariant } from '../report/index.js';
import type { RunLengths } from './budget.js';
import type { StartData } from './data.js';
import type { Lane } from './lane.js';
import type { StartShape } from './shape.js';
import type { StartSummary } from './summary.js';
import { startTable } from './table.js';
import { bestMeasure, percent, plusMinus, qualityNotes, signed, standingNotes, titleOf } from './wording.js';

const variantOf = ({ variant, recording, spent }: Lane): ReportVariant => ({
  name: variant.name,
  description: variant.description,
  blocks: variant.layers,
  curve: recording.curve,
  evaluations: recording.evaluations,
  active: recording.active,
  parts: partsOf(spent, recording.curve.length, recording.seconds),
  control: variant.key === 'control',
});

/** The report of `start`, as plain data. */
export function startReport(
  lanes: readonly Lane[],
  summary: StartSummary,
  about: { shape: StartShape; data: StartData; lengths: RunLengths; seed: number; command: string },
): Report {
  const { shape, data, lengths, seed, command } = about;
  const dropping = summary.rows.find((row) => row.key === 'dropping')!;
  const dense = summary.rows.find((row) => row.key === 'dense')!;
  const control = summary.rows.find((row) => row.key === 'control')!;
  const blockSaving = expectedSaving({ thetaBar: shape.thetaBar }, { depth: shape.numHiddenLayers, steps: lengths.steps });
  const measured = bestMeasure(summary);
  const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;
  return {
    kind: 'hookline start',
    title: titleOf(summary),
    lede: `The same small BERT, trained ${lengths.steps} steps on ${data.about}, with progressive layer dropping and without: ${milliseconds(dropping.secondsAStep)} a step instead of ${milliseconds(dense.secondsAStep)}. ${summary.depthMatters ? '' : 'At this size the loss does not depend on the depth yet; only the time is evidence.'}`.trim(),
    made: new Date(),
    machine: machineFacts(lanes[0]?.engine),
    settings: [
      [
        'Model',
        `BERT, L=${shape.numHiddenLayers} H=${shape.hiddenSize} A=${shape.numAttentionHeads} FF=${shape.intermediateSize} V=${shape.vocabSize}, no dropout`,
      ],
      [
        'Data',
        `${data.about}; windows of ${shape.sequenceLength} tokens inside a document, batch ${shape.batchSize}, ${shape.maskedPerRow} masked a row; held out: ${data.heldOut}`,
      ],
      ['Recipe', `AdamW, peak rate ${shape.learningRate} after a warm-up of 10 %, linear decay to 0, weight decay 0.01, clipping at norm 1, seed ${seed}`],
      ['Dropping', `thetaBar ${shape.thetaBar}, gamma = 100 / steps, one gate a block, scaling by branch`],
      ['Order', `in turns of ${shape.chunk} steps`],
    ],
    headlines: [
      {
        value: percent(measured.saved.mean),
        label: `of the ${measured.of} saved`,
        detail: `${plusMinus(measured.saved, percent)}; ${percent(summary.expectedTimeSaved)} expected`,
      },
      {
        value: percent(1 - dropping.blocks.run / dropping.blocks.possible),
        label: 'of the block runs skipped',
        detail: `${percent(blockSaving)} expected; ${dropping.blocks.run} of ${dropping.blocks.possible} ran`,
      },
      {
        value: signed(summary.lossCost.mean),
        label: 'nats of held-out loss, against PreLN',
        detail: `${plusMinus(summary.lossCost, (value) => value.toFixed(3))}, after the same steps`,
      },
      {
        value: signed(summary.lossCostInEqualTime.mean),
        label: 'nats, against PreLN in the same time',
        detail: `${plusMinus(summary.lossCostInEqualTime, (value) => value.toFixed(3))}, dense for ${lengths.equalTimeSteps} steps`,
      },
    ],
    variants: lanes.map(variantOf),
    references: [
      { label: `unigram entropy ${data.unigramEntropy.toFixed(3)}`, loss: data.unigramEntropy },
      { label: `no blocks ${control.heldOutLoss.toFixed(3)}`, loss: control.heldOutLoss },
    ],
    tables: [startTable(summary)],
    axes: ['step', 'seconds'],
    notes: [...qualityNotes(summary), ...standingNotes(summary)],
    command,
  };
}

import type { LesionedRun } from '../lesion/lesion.js';
import { lesionChart, lesionTable } from '../lesion/lesion-report.js';
import { heldOutSet } from '../pretrain/plugins.js';
import { machineFacts } from '../recording/machine.js';
import { blockRuns, type Recording } from '../recording/recording.js';
import { mean } from '../recording/statistics.js';
import type { Report, ReportTable } from '../report/types.js';
import { dynamicsFigures, number } from './charts.js';
import { type BlockFigure, type Dynamics, meanOver } from './series.js';
import type { DynamicsOptions, DynamicsVariant } from './variants.js';

/** A finished run of the study. */
export interface DynamicsRun {
  readonly variant: DynamicsVariant;
  readonly recording: Recording;
  readonly dynamics: Dynamics;
  readonly lesions: LesionedRun;
}

const finite = (values: readonly number[]): readonly number[] => values.filter(Number.isFinite);

/** The greatest of the blocks' figures over the least. */
const spread = (values: readonly number[]): string => {
  const given = finite(values);
  return given.length === 0 ? '–' : `${number(Math.max(...given) / Math.min(...given))}×`;
};

/** Shares of a run: its first tenth and its last. */
const first = [0, 0.1] as const;
const last = [0.9, 1] as const;

const ends = (values: readonly number[]): string => `${number(values[0] ?? Number.NaN)} … ${number(values.at(-1) ?? Number.NaN)}`;

/** How gradients go through the blocks, and what the blocks do to activations. */
function dynamicsTables(runs: readonly DynamicsRun[]): readonly ReportTable[] {
  const over = ({ variant: { config }, dynamics }: DynamicsRun, figure: BlockFigure, [from, to]: readonly [number, number]): readonly number[] =>
    dynamics.figures[figure].map((points) => meanOver(points, from * config.steps, to * config.steps));
  return [
    {
      title: 'Gradient norm by block',
      columns: ['Run', 'First tenth: first … last block', 'greatest over least', 'Last tenth: first … last block', 'greatest over least'],
      rows: runs.map((run) => {
        const [begin, end] = [over(run, 'gradientNorm', first), over(run, 'gradientNorm', last)];
        return [run.variant.name, ends(begin), spread(begin), ends(end), spread(end)];
      }),
      caption: 'Before clipping, means over a tenth of the run.',
    },
    {
      title: 'What passes through the blocks',
      columns: [
        'Run',
        'Cosine, first tenth',
        'Cosine, last tenth',
        'first … last block',
        'Distance, last tenth: first … last block',
        'Top norm: training',
        'evaluation',
      ],
      rows: runs.map((run) => {
        const { variant, dynamics } = run;
        const cosine = over(run, 'cosine', last);
        return [
          variant.name,
          mean(finite(over(run, 'cosine', first))).toFixed(3),
          mean(finite(cosine)).toFixed(3),
          ends(cosine),
          ends(over(run, 'distance', last)),
          number(meanOver(dynamics.top.train, 0.9 * variant.config.steps, variant.config.steps)),
          number(dynamics.top.evaluate.at(-1)?.value ?? Number.NaN),
        ];
      }),
      caption: 'Input and output of a block, a batch as one vector; cosines are means over the blocks. Top norm: of what leaves the last block.',
    },
    {
      title: 'What came of it',
      columns: ['Run', 'Held-out loss', 'A step', 'Block runs'],
      rows: runs.map(({ variant, recording }) => {
        const { run, possible } = blockRuns(recording.active);
        return [
          variant.name,
          recording.evaluations.at(-1)?.loss.toFixed(4) ?? '–',
          `${((1000 * recording.seconds) / recording.curve.length).toFixed(0)} ms`,
          `${((100 * run) / possible).toFixed(0)} %`,
        ];
      }),
    },
  ];
}

/** The study as a report: the runs' figures side by side. */
export async function dynamicsReport(options: DynamicsOptions, runs: readonly DynamicsRun[], of: number, command: string): Promise<Report> {
  const { layers, size, steps, batchSize, sequenceLength } = options;
  const lesioned = runs.map(({ lesions }) => lesions);
  const dynamic = runs.map(({ variant, dynamics }) => ({ name: variant.name, steps: variant.config.steps, dynamics }));
  return {
    kind: 'hookline study dynamics',
    title: runs.length < of ? `${runs.length} of ${of} runs` : `Inside ${layers} blocks: ${runs.map(({ variant }) => variant.name).join(', ')}`,
    lede: `BERT of size ${size} with ${layers} blocks, ${steps} steps of ${batchSize} × ${sequenceLength} tokens: what each block does to what passes through it, how its gradients fare, and what the trained network loses without it.`,
    made: new Date(),
    machine: machineFacts(),
    settings: runs.map(({ variant, recording }) => {
      const blocks = blockRuns(recording.active);
      return [
        variant.name,
        `${blocks.run} of ${blocks.possible} block runs${options.learningRate === undefined ? "; the recipe's rate" : `; peak rate ${options.learningRate}`}`,
      ];
    }),
    headlines: [],
    variants: runs.map(({ variant, recording }) => ({
      name: variant.name,
      blocks: layers,
      curve: recording.curve,
      evaluations: recording.evaluations,
      active: recording.active,
    })),
    references: [],
    tables: runs.length === 0 ? [] : [...dynamicsTables(runs), lesionTable(lesioned)],
    axes: ['step', 'seconds'],
    figures: runs.length === 0 ? [] : [...(await dynamicsFigures(dynamic)), await lesionChart(lesioned)],
    notes: [
      'One seed, one corpus and a small model: differences between runs may be chance.',
      'With layer dropping, a block that did not run in a measured step has no figure there, and the gain of one that ran is part of its output.',
      'Distances and norms count a batch as one vector; they compare between runs because all have batches of one shape.',
      `Held-out set: ${heldOutSet}. Lesions leave out one block of the trained network and change nothing else.`,
    ],
    command,
  };
}

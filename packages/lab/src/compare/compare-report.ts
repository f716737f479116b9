import { machineFacts } from '../recording/machine.js';
import { blockRuns } from '../recording/recording.js';
import { mean } from '../recording/statistics.js';
import type { LossAxis, Report, ReportTable } from '../report/index.js';
import { type ComparedRun, kindOf } from './compare.js';
import { atEqual } from './equal.js';

/** Tokens are an axis where every run counts them. */
const axesOf = (runs: readonly ComparedRun[]): readonly LossAxis[] => (runs.every((run) => run.config) ? ['step', 'tokens', 'seconds'] : ['step', 'seconds']);

const number = (value: number): string => Math.round(value).toLocaleString('en');

const place: Readonly<Record<LossAxis, (at: number) => string>> = {
  step: (at) => `${number(at)} steps`,
  tokens: (at) => `${number(at)} tokens`,
  seconds: (at) => `${at.toFixed(1)} s of training`,
};

/** Held-out loss of each run where all have come to the same steps, tokens and time, and what a step took. */
function equalTable(runs: readonly ComparedRun[]): ReportTable {
  const evaluations = runs.map((run) => run.recording.evaluations);
  const equal = axesOf(runs).map((axis) => ({ axis, ...atEqual(evaluations, axis) }));
  const loss = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(4));
  return {
    title: axesOf(runs).includes('tokens') ? 'At equal steps, tokens and time' : 'At equal steps and time',
    columns: ['Run', 'Model', ...equal.map(({ axis, at }) => `Held-out loss at ${place[axis](at)}`), 'at its end', 'Steps', 'A step', 'Block runs'],
    rows: runs.map((run, i) => {
      const { curve, seconds, active } = run.recording;
      const blocks = blockRuns(active);
      return [
        run.name,
        kindOf(run.config),
        ...equal.map(({ losses }) => loss(losses[i])),
        loss(evaluations[i]!.at(-1)?.loss),
        number(curve.length),
        `${((1000 * seconds) / curve.length).toFixed(1)} ms`,
        blocks.possible === 0 ? '–' : `${((100 * blocks.run) / blocks.possible).toFixed(0)} %`,
      ];
    }),
    caption: 'In nats, interpolated between evaluations. Time is that of training steps alone, on the machine that ran them.',
  };
}

/** What a configuration is but for its seed: runs that agree in it are one experiment. */
const experimentOf = ({ name, config }: ComparedRun): string => (config ? JSON.stringify({ ...config, seed: 0 }) : name);

/** Spread over seeds, where several runs differ in nothing else. */
function seedTable(runs: readonly ComparedRun[]): readonly ReportTable[] {
  const experiments = [...new Set(runs.map(experimentOf))];
  const groups = experiments.map((experiment) => runs.filter((run) => experimentOf(run) === experiment)).filter((group) => group.length > 1);
  if (groups.length === 0) return [];
  const rows = groups.map((group) => {
    const losses = group.flatMap((run) => run.recording.evaluations.at(-1)?.loss ?? []);
    const steps = group.map((run) => (1000 * run.recording.seconds) / run.recording.curve.length);
    return [
      kindOf(group[0]!.config),
      group.map((run) => run.config!.seed).join(', '),
      mean(losses).toFixed(4),
      deviation(losses).toFixed(4),
      `${mean(steps).toFixed(1)} ms`,
    ];
  });
  return [
    {
      title: 'Over seeds',
      columns: ['Model', 'Seeds', 'Mean held-out loss', 'Standard deviation', 'A step'],
      rows,
      caption: 'Runs that differ in nothing but the seed, each at its end.',
    },
  ];
}

const deviation = (values: readonly number[]): number => {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
};

/** What must be the same for held-out losses to be comparable. */
function measured({ config }: ComparedRun): string {
  if (!config) return 'unknown';
  const { corpus, vocabulary, sequenceLength, maskedPerRow, wholeWord, evaluation, objective, batchSize } = config;
  return JSON.stringify([corpus.source, corpus.heldOut, vocabulary, sequenceLength, maskedPerRow, wholeWord, evaluation.batches, objective, batchSize]);
}

interface Ranked {
  readonly name: string;
  readonly loss: number;
}

/** The finding: of one experiment under several seeds the spread, for the best seed says nothing; else the run that ends lowest. */
function titleOf(runs: readonly ComparedRun[], ranked: readonly Ranked[]): string {
  const [best] = ranked;
  if (!best) return `${runs.length} runs compared`;
  const losses = ranked.map(({ loss }) => loss);
  const isOneExperiment = runs.length > 1 && new Set(runs.map(experimentOf)).size === 1;
  return isOneExperiment && losses.length > 1
    ? `Held-out loss ${mean(losses).toFixed(3)} over ${losses.length} seeds, standard deviation ${deviation(losses).toFixed(3)}`
    : `${best.name} ends with the lowest held-out loss, ${best.loss.toFixed(3)}`;
}

/** The comparison as a report. */
export function compareReport(runs: readonly ComparedRun[], command: string): Report {
  const comparable = new Set(runs.map(measured)).size === 1;
  const unfinished = runs.filter((run) => run.recording.curve.length < run.total).map((run) => run.name);
  const ranked = runs
    .flatMap((run) => (run.recording.evaluations.length ? [{ name: run.name, loss: run.recording.evaluations.at(-1)!.loss }] : []))
    .sort((a, b) => a.loss - b.loss);
  return {
    kind: 'hookline compare',
    title: comparable ? titleOf(runs, ranked) : `${runs.length} runs compared`,
    lede: `${runs.map((run) => run.name).join(', ')}: held-out loss at equal steps, ${runs.every((run) => run.config) ? 'equal tokens ' : ''}and equal wall-clock.`,
    made: new Date(),
    machine: machineFacts(),
    settings: runs.map((run) => [run.name, run.directory]),
    headlines: [],
    variants: runs.map((run) => ({
      name: run.name,
      description: kindOf(run.config),
      blocks: run.recording.active[0]?.length ?? 0,
      curve: run.recording.curve,
      evaluations: run.recording.evaluations,
      active: run.recording.active,
    })),
    references: [],
    tables: [equalTable(runs), ...seedTable(runs)],
    axes: axesOf(runs),
    notes: [
      ...(comparable
        ? []
        : [
            'These runs were not evaluated on the same held-out batches (corpus, vocabulary or shape of the rows differ): their losses cannot be compared with each other.',
          ]),
      ...(runs.some((run) => !run.config)
        ? ['Runs of own programs have no configuration here: whether they were evaluated on the same held-out data, those who wrote them know.']
        : []),
      ...(unfinished.length ? [`Not at its end yet: ${unfinished.join(', ')}. A learning rate that has not decayed holds a run back.`] : []),
      'A run whose learning rate decays over more steps is at a disadvantage at fewer: compare the time of runs that are planned for that time.',
      'The times are those of the machine and the moment in which each run trained; runs that did not share a machine, or shared it with others, do not compare in time.',
    ],
    command,
  };
}

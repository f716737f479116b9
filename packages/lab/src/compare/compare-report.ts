import { machineFacts } from '../recording/machine.js';
import { blockRuns } from '../recording/recording.js';
import { mean } from '../recording/statistics.js';
import type { LossAxis, Report, ReportTable } from '../report/index.js';
import type { ComparedRun } from './compare.js';
import { atEqual } from './equal.js';
import { nameOf } from './origin.js';

const allPretrained = (runs: readonly ComparedRun[]): boolean => runs.every(({ origin }) => origin.kind === 'pretraining');

/** Tokens are an axis where every run counts them. */
const axesOf = (runs: readonly ComparedRun[]): readonly LossAxis[] => (allPretrained(runs) ? ['step', 'tokens', 'seconds'] : ['step', 'seconds']);

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
  const text = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(4));
  const scored = runs.some(({ score }) => score !== undefined);
  return {
    title: axesOf(runs).includes('tokens') ? 'At equal steps, tokens and time' : 'At equal steps and time',
    columns: [
      'Run',
      'Model',
      ...equal.map(({ axis, at }) => `Held-out loss at ${place[axis](at)}`),
      'at its end',
      ...(scored ? ['Score'] : []),
      'Steps',
      'A step',
      'Block runs',
    ],
    rows: runs.map((run, i) => {
      const { curve, seconds, active } = run.recording;
      const blocks = blockRuns(active);
      return [
        run.name,
        nameOf(run.origin),
        ...equal.map(({ losses }) => text(losses[i])),
        text(evaluations[i]!.at(-1)?.loss),
        ...(scored ? [text(run.score)] : []),
        number(curve.length),
        `${((1000 * seconds) / curve.length).toFixed(1)} ms`,
        blocks.possible === 0 ? '–' : `${((100 * blocks.run) / blocks.possible).toFixed(0)} %`,
      ];
    }),
    caption: `${allPretrained(runs) ? 'In nats, interpolated' : 'Interpolated'} between evaluations${scored ? '; the score is that of the latest evaluation' : ''}. Time is that of training steps alone, on the machine that ran them.`,
  };
}

/** What a configuration is but for its seed: runs that agree in it are one experiment. */
const experimentOf = ({ name, origin }: ComparedRun): string => (origin.kind === 'own' ? name : JSON.stringify({ ...origin.config, seed: 0 }));

const seedOf = ({ origin }: ComparedRun): string => (origin.kind === 'own' ? '–' : String(origin.config.seed));

/** Spread over seeds, where several runs differ in nothing else. */
function seedTable(runs: readonly ComparedRun[]): readonly ReportTable[] {
  const experiments = [...new Set(runs.map(experimentOf))];
  const groups = experiments.map((experiment) => runs.filter((run) => experimentOf(run) === experiment)).filter((group) => group.length > 1);
  if (groups.length === 0) return [];
  const scored = groups.flat().some(({ score }) => score !== undefined);
  const rows = groups.map((group) => {
    const losses = group.flatMap((run) => run.recording.evaluations.at(-1)?.loss ?? []);
    const steps = group.map((run) => (1000 * run.recording.seconds) / run.recording.curve.length);
    const scores = group.flatMap(({ score }) => score ?? []);
    return [
      nameOf(group[0]!.origin),
      group.map(seedOf).join(', '),
      mean(losses).toFixed(4),
      deviation(losses).toFixed(4),
      ...(!scored ? [] : scores.length < 2 ? ['–', '–'] : [mean(scores).toFixed(4), deviation(scores).toFixed(4)]),
      `${mean(steps).toFixed(1)} ms`,
    ];
  });
  return [
    {
      title: 'Over seeds',
      columns: ['Model', 'Seeds', 'Mean held-out loss', 'Standard deviation', ...(scored ? ['Mean score', 'Standard deviation'] : []), 'A step'],
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
function measured({ origin }: ComparedRun): string {
  if (origin.kind === 'own') return 'unknown';
  if (origin.kind === 'fine-tuning') {
    const { task, own, data, maxLength } = origin.config;
    return JSON.stringify([task, own, data, maxLength]);
  }
  const { corpus, vocabulary, sequenceLength, maskedPerRow, wholeWord, evaluation, objective, batchSize } = origin.config;
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
    lede: `${runs.map((run) => run.name).join(', ')}: held-out loss at equal steps, ${allPretrained(runs) ? 'equal tokens ' : ''}and equal wall-clock.`,
    made: new Date(),
    machine: machineFacts(),
    settings: runs.map((run) => [run.name, run.directory]),
    headlines: [],
    variants: runs.map((run) => ({
      name: run.name,
      description: nameOf(run.origin),
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
            'These runs were not evaluated on the same held-out data (corpus or task, vocabulary or shape of the rows differ): their losses cannot be compared with each other.',
          ]),
      ...(runs.some(({ origin }) => origin.kind === 'own')
        ? ['Runs of own programs have no configuration here: whether they were evaluated on the same held-out data, those who wrote them know.']
        : []),
      ...(unfinished.length ? [`Not at its end yet: ${unfinished.join(', ')}. A learning rate that has not decayed holds a run back.`] : []),
      'A run whose learning rate decays over more steps is at a disadvantage at fewer: compare the time of runs that are planned for that time.',
      'The times are those of the machine and the moment in which each run trained; runs that did not share a machine, or shared it with others, do not compare in time.',
    ],
    command,
  };
}

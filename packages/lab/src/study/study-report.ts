import { comparePaired, compareSpread, glueTask, summarize } from '@hookline/glue';
import type { TopLevelSpec } from 'vega-lite';
import { machineFacts } from '../recording/machine.js';
import type { Report, ReportFigure, ReportTable } from '../report/index.js';
import { renderSvg } from '../report/svg.js';
import { type Axis, ratesOf, type StudyOptions, settingOf } from './cells.js';
import type { Outcome } from './outcome.js';
import type { DoneCell } from './study.js';

interface Setting {
  readonly name: string;
  readonly cells: readonly DoneCell[];
}

const text = (value: number): string => (Number.isNaN(value) ? 'none' : value.toFixed(4));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a table and a chart show: a task on an axis, at one rate. */
interface View {
  readonly axis: Axis;
  readonly task: string;
  /** Greatest rate; undefined where it is the recipe's. */
  readonly rate: number | undefined;
  readonly settings: readonly Setting[];
}

/** Cells of a view by setting, in the order of the axis. */
function settingsOf({ task, axis, rate }: Omit<View, 'settings'>, options: StudyOptions, done: readonly DoneCell[]): readonly Setting[] {
  const names = axis === 'checkpoints' ? options.checkpoints.map(({ name }) => name) : ['none', ...options.methods.filter((method) => method !== 'none')];
  return names.flatMap((name) => {
    const cells = done.filter(({ cell }) => cell.task === task && cell.learningRate === rate && settingOf(cell, axis, options) === name);
    return cells.length > 0 ? [{ name, cells }] : [];
  });
}

/** Scores of a setting; a metric that does not exist counts as 0, the score of a guess, so that a collapse is not left out of the spread. */
const scores = ({ cells }: Setting): readonly number[] => cells.map(({ outcome }) => outcome.score ?? 0);

/** What a setting gains over the first, by seeds that both have, and whether its spread is another. */
function against(setting: Setting, base: Setting): readonly [string, string] {
  if (setting === base) return ['', ''];
  const shared = setting.cells.flatMap((one) => {
    const other = base.cells.find(({ cell }) => cell.seed === one.cell.seed);
    return other ? [[one.outcome.score ?? 0, other.outcome.score ?? 0] as const] : [];
  });
  if (shared.length === 0) return ['no seed in common', ''];
  const { difference, interval, method } = comparePaired(
    shared.map(([mine]) => mine),
    shared.map(([, theirs]) => theirs),
  );
  const range = interval ? `[${text(interval[0])}, ${text(interval[1])}] (${method})` : 'one seed cannot tell';
  const spread = compareSpread([scores(setting), scores(base)]);
  return [`${difference.mean >= 0 ? '+' : ''}${text(difference.mean)} ${range}`, spread.kind === 'tested' ? `p = ${spread.p.toFixed(3)}` : 'cannot tell'];
}

/** Mean seconds of the runs that recorded them: one that broke off did not. */
const meanSeconds = (seconds: readonly (number | null | undefined)[]): string => {
  const known = seconds.flatMap((value) => value ?? []);
  return known.length === 0 ? 'unknown' : mean(known).toFixed(1);
};

function peakMebibytes(outcomes: readonly Outcome[]): string {
  const known = outcomes.flatMap(({ peakMemory }) => peakMemory ?? []);
  return known.length === 0 ? 'unknown' : (Math.max(...known) / 2 ** 20).toFixed(0);
}

const atRate = (rate: number | undefined): string => (rate === undefined ? '' : `, rate ${rate}`);

function table({ task, axis, rate, settings }: View): ReportTable {
  const { title, metrics } = glueTask(task);
  return {
    title: `${title}: ${axis === 'checkpoints' ? 'how the checkpoint was pre-trained, fine-tuned dense' : 'what is done while fine-tuning, on one checkpoint'}${atRate(rate)}`,
    columns: [
      axis === 'checkpoints' ? 'Checkpoint' : 'Method',
      'Seeds',
      'Mean',
      'Sd',
      'Least',
      'Most',
      'Best on dev',
      'Failed',
      'Seconds',
      'Of processor',
      'Peak MiB',
      'Against the first',
      'Spread',
      'Every seed',
    ],
    rows: settings.map((setting) => {
      const { n, mean: center, sd, min, max, values } = summarize(scores(setting));
      const outcomes = setting.cells.map(({ outcome }) => outcome);
      return [
        setting.name,
        String(n),
        text(center),
        n < 2 ? 'unknown' : text(sd),
        text(min),
        text(max),
        text(mean(outcomes.map(({ best }) => best ?? 0))),
        String(outcomes.filter(({ failed }) => failed).length),
        meanSeconds(outcomes.map(({ seconds }) => seconds)),
        meanSeconds(outcomes.map(({ processorSeconds }) => processorSeconds)),
        peakMebibytes(outcomes),
        ...against(setting, settings[0]!),
        values.map((value) => value.toFixed(3)).join(' '),
      ];
    }),
    caption: `Score: ${metrics.join(' and ')} on the development set after the last epoch. Best on dev is chosen on the set that it is measured on. Intervals hold 95 %; the spread is Brown and Forsythe's test, from ten seeds on.`,
  };
}

async function boxPlot({ task, axis, rate, settings }: View): Promise<ReportFigure> {
  const values = settings.flatMap((setting) => scores(setting).map((score) => ({ setting: setting.name, score })));
  const y = { field: 'setting', type: 'nominal', title: null, sort: null, axis: { labelColor: 'var(--ink)', labelFontSize: 12, labelLimit: 200 } };
  const x = { field: 'score', type: 'quantitative', title: 'score', scale: { zero: false }, axis: { grid: true } };
  const spec = {
    width: 640,
    height: { step: 34 },
    data: { values },
    layer: [
      {
        mark: {
          type: 'boxplot',
          extent: 'min-max',
          size: 16,
          color: 'var(--accent)',
          opacity: 0.35,
          median: { color: 'var(--ink)' },
          rule: { color: 'var(--soft)' },
        },
        encoding: { x, y },
      },
      { mark: { type: 'point', filled: true, size: 26, color: 'var(--ink)', opacity: 0.8 }, encoding: { x, y } },
    ],
  };
  const told = settings
    .map(
      (setting) =>
        `${setting.name}: ${scores(setting)
          .map((score) => score.toFixed(3))
          .join(', ')}`,
    )
    .join('; ');
  return {
    title: `${glueTask(task).title}, by ${axis === 'checkpoints' ? 'checkpoint' : 'method'}${atRate(rate)}`,
    text: 'Each seed a point; the box holds the middle half, the line in it is the median.',
    svg: await renderSvg(spec as unknown as TopLevelSpec, `Box plots of scores. ${told}.`),
  };
}

/**
 * The views of a task at a rate that are shown: those that compare settings; where nothing is compared, because there is one setting, that one, so that its
 * scores are not left out.
 */
export function shownViews<V extends { readonly settings: readonly unknown[] }>(views: readonly V[]): readonly V[] {
  const comparing = views.filter(({ settings }) => settings.length > 1);
  return comparing.length > 0 ? comparing : views.filter(({ settings }) => settings.length === 1).slice(0, 1);
}

/** The study as a report: the two axes in tables and charts of their own. */
export async function studyReport(
  options: StudyOptions,
  done: readonly DoneCell[],
  of: number,
): Promise<Report & { readonly figures: readonly ReportFigure[] }> {
  const axes = ['checkpoints', 'methods'] as const;
  const views = options.tasks.flatMap((task) =>
    ratesOf(options).flatMap((rate) => shownViews(axes.map((axis): View => ({ axis, task, rate, settings: settingsOf({ axis, task, rate }, options, done) })))),
  );
  const shown = axes.flatMap((axis) => views.filter((view) => view.axis === axis));
  const names = options.checkpoints.map(({ name }) => name);
  const brokenOff = done.filter(({ outcome }) => outcome.brokeOff !== undefined).length;
  const jobs = [...new Set(done.map(({ outcome }) => outcome.jobs))].sort((a, b) => a - b);
  return {
    kind: 'hookline study stability',
    title: `${done.length} of ${of} runs`,
    lede: `Two questions, each with tables of its own: does it matter how a checkpoint was pre-trained (${names.join(', ')}), and what is done while ${names[0]} is fine-tuned (${options.methods.join(', ')})?`,
    made: new Date(),
    machine: machineFacts(),
    settings: [
      ...options.checkpoints.map(({ name, path }) => [`Checkpoint ${name}`, path] as const),
      ['Data', options.data],
      ['Seeds', String(options.seeds)],
      ['Runs at a time', jobs.join(', ') || 'none yet'],
      ...(options.learningRates?.length ? [['Rates', options.learningRates.join(', ')] as const] : []),
      ...(options.allow?.length ? [['Weights may differ in', options.allow.join(', ')] as const] : []),
    ],
    headlines: [],
    variants: [],
    references: [],
    tables: shown.map(table),
    figures: await Promise.all(shown.map(boxPlot)),
    axes: [],
    notes: [
      'A run has failed where its accuracy is at most the majority class’s share, its Matthews correlation at most 0, or its Pearson correlation absent or below 0.1.',
      'A score that does not exist counts as 0, so that a run that came to nothing is not left out of mean and spread.',
      'Seconds and memory are those of each run’s own process; runs that shared the machine with others do not compare in seconds, but about in processor seconds, over all threads.',
      ...(brokenOff > 0
        ? [
            `${brokenOff} of the runs broke off at a number that was not finite: each counts as failed, with a score of 0, and its seconds and memory are left out.`,
          ]
        : []),
      ...(jobs.length > 1 ? [`Some were made ${jobs.join(' at a time, some ')} at a time: compare no seconds here.`] : []),
      ...(options.seeds < 10 ? ['With fewer than ten seeds nothing is said about spread.'] : []),
      'WNLI’s development set contradicts its training set: read nothing into it.',
    ].filter((note) => !note.startsWith('WNLI') || options.tasks.includes('wnli')),
  };
}

import type { TopLevelSpec } from 'vega-lite';
import { kindOf } from '../compare/origin.js';
import { machineFacts } from '../recording/machine.js';
import { mean } from '../recording/statistics.js';
import { variantStyles } from '../report/palette.js';
import { renderSvg } from '../report/svg.js';
import type { Report, ReportFigure, ReportTable } from '../report/types.js';
import type { LesionedRun } from './lesion.js';

const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;

const meanIncrease = ({ lesions }: LesionedRun): number => mean(lesions.map(({ increase }) => increase.mean));

/** Loss of each run, whole and without each block. */
export function lesionTable(runs: readonly LesionedRun[]): ReportTable {
  const depth = Math.max(...runs.map(({ lesions }) => lesions.length));
  return {
    title: 'Held-out loss with one block left out',
    columns: ['Run', 'Whole network', 'Mean increase', 'Largest', ...Array.from({ length: depth }, (_, i) => `Without ${i + 1}`)],
    rows: runs.map((run) => {
      const largest = run.lesions.reduce((worst, one) => (one.increase.mean > worst.increase.mean ? one : worst), run.lesions[0]!);
      return [
        run.name,
        run.loss.toFixed(4),
        run.lesions.length ? signed(meanIncrease(run)) : '–',
        largest ? `${signed(largest.increase.mean)} (block ${run.lesions.indexOf(largest) + 1})` : '–',
        ...Array.from({ length: depth }, (_, i) => (run.lesions[i] ? signed(run.lesions[i].increase.mean) : '')),
      ];
    }),
    caption: 'In nats; blocks are counted from the input up. The increase is paired over the held-out batches; standard errors are bars in the chart.',
  };
}

/** What the loss rises by without each block, with standard errors over batches. */
export async function lesionChart(runs: readonly LesionedRun[]): Promise<ReportFigure> {
  const styles = variantStyles(runs.map(({ name }) => ({ name, curve: [], evaluations: [], blocks: 0 })));
  const offset = (run: number): number => (run - (runs.length - 1) / 2) * 0.12; // points of several runs stand side by side
  const values = runs.flatMap(({ name, lesions }, run) =>
    lesions.map(({ increase }, block) => {
      const error = Number.isFinite(increase.standardError) ? increase.standardError : 0;
      return { run: name, block: block + 1 + offset(run), value: increase.mean, low: increase.mean - error, high: increase.mean + error };
    }),
  );
  const x = {
    field: 'block',
    type: 'quantitative',
    title: 'block left out, from the input up',
    axis: { tickMinStep: 1, format: 'd' },
    scale: { nice: false, padding: 14 },
  };
  const y = {
    field: 'value',
    type: 'quantitative',
    title: 'increase of held-out loss, nats',
    scale: { zero: true },
    axis: { tickCount: 6, format: '~g', minExtent: 40 },
  };
  const by = (range: readonly unknown[]) => ({ field: 'run', type: 'nominal', scale: { domain: styles.map(({ name }) => name), range }, legend: null });
  const color = by(styles.map((style) => style.color));
  const spec = {
    width: 900,
    height: 230,
    data: { values },
    layer: [
      { mark: { type: 'rule', strokeWidth: 1.4 }, encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color } },
      {
        mark: { type: 'line', strokeWidth: 1.6, opacity: 0.7 },
        encoding: { x, y, color, strokeDash: by(styles.map(({ dash }) => (dash.length ? dash : [1, 0]))) },
      },
      { mark: { type: 'point', filled: true, size: 46, opacity: 1 }, encoding: { x, y, color, shape: by(styles.map(({ shape }) => shape)) } },
    ],
  };
  const told = runs.map(({ name, lesions }) => `${name} ${lesions.map(({ increase }) => increase.mean.toFixed(3)).join(', ')}`);
  return {
    title: 'Lesions: what the loss rises by with one block left out',
    text: 'The trained network without one block, on the held-out batches; bars are standard errors over batches. Near 0, the others do without it.',
    svg: await renderSvg(spec as unknown as TopLevelSpec, `Increase of held-out loss by block left out. ${told.join('; ')}.`),
  };
}

/** The lesions of runs as a report. */
export async function lesionReport(runs: readonly LesionedRun[], command: string): Promise<Report> {
  const ranked = runs.filter(({ lesions }) => lesions.length > 0).sort((a, b) => meanIncrease(a) - meanIncrease(b));
  const [first] = ranked;
  return {
    kind: 'hookline study lesion',
    title: first
      ? ranked.length > 1
        ? `${first.name} loses least without a block: ${meanIncrease(first).toFixed(3)} nats on average`
        : `Without one block the loss rises by ${meanIncrease(first).toFixed(3)} nats on average`
      : 'No run has a block to leave out',
    lede: `${runs.map((run) => `${run.name} (${kindOf(run.config)})`).join(', ')}: held-out loss of the trained network with each block left out.`,
    made: new Date(),
    machine: machineFacts(),
    settings: runs.map((run) => [run.name, run.directory]),
    headlines: [],
    variants: runs.map(({ name, config }) => ({ name, description: kindOf(config), curve: [], evaluations: [], blocks: 0 })),
    references: [],
    tables: [lesionTable(runs)],
    axes: [],
    figures: [await lesionChart(runs)],
    notes: ['A network that has learnt little from its blocks loses little without one: read the increases beside the loss of the whole network.'],
    command,
  };
}

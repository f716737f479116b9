import type { TopLevelSpec } from 'vega-lite';
import { variantStyles } from '../report/palette.js';
import { runningMean, thin } from '../report/series.js';
import { renderSvg } from '../report/svg.js';
import type { ReportFigure } from '../report/types.js';
import { type BlockFigure, type Dynamics, meanOver, type Point } from './series.js';

/** A run whose dynamics are shown. */
export interface DynamicRun {
  readonly name: string;
  readonly steps: number;
  readonly dynamics: Dynamics;
}

interface FigureText {
  readonly title: string;
  readonly axis: string;
  readonly text: string;
  readonly log: boolean;
}

const texts: Readonly<Record<BlockFigure, FigureText>> = {
  gradientNorm: {
    title: 'Gradient norm of each block',
    axis: 'L2 norm, log scale',
    text: 'Norm of the gradients of a block’s parameters before clipping. Orange is the first block, blue the last, here and below.',
    log: true,
  },
  distance: {
    title: 'Distance of a block’s input and output',
    axis: 'L2 distance',
    text: 'How far a block moves what passes through it, a batch with its padding as one vector. A PostLN block normalizes its output, so its distances are bounded.',
    log: false,
  },
  cosine: {
    title: 'Cosine similarity of a block’s input and output',
    axis: 'cosine',
    text: 'How little a block turns what passes through it: 1 is not at all. Unlike the distance it does not depend on how large the activations are.',
    log: false,
  },
};

/** From the first block to the last: the page's orange to its blue. */
const depthColor = (place: number, count: number): string =>
  `color-mix(in oklab, var(--v0) ${count < 2 ? 100 : Math.round((100 * place) / (count - 1))}%, var(--v1))`;

const smooth = (points: readonly Point[]): readonly Point[] => {
  const means = runningMean(
    points.map(({ value }) => value),
    Math.floor(points.length / 50),
  );
  return thin(
    points.map(({ step }, i) => ({ step, value: means[i]! })),
    120,
  );
};

const panelTitle = (text: string) => ({ text, fontSize: 12.5, fontWeight: 600, color: 'var(--ink)', anchor: 'start', frame: 'group' });

/** The range of values with a little room around it. */
function paddedDomain(values: readonly number[], log: boolean): readonly [number, number] {
  if (values.length === 0) return [0.1, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  return log ? [low / 1.15, high * 1.15] : [low - pad, high + pad];
}

/** Where the lines of the first and the last block end. */
const lastPoints = <P extends { readonly block: number }>(points: readonly P[], count: number): readonly P[] =>
  [...new Set([1, count])].flatMap((block) => points.findLast((point) => point.block === block) ?? []);

/** A figure of every block over steps, a panel for each run on one scale. */
export async function blockChart(figure: BlockFigure, runs: readonly DynamicRun[]): Promise<ReportFigure> {
  const { title, axis, text, log } = texts[figure];
  const panelWidth = Math.floor((960 - 60 * runs.length) / runs.length);
  const values = runs.flatMap(({ name, dynamics }) =>
    dynamics.figures[figure].flatMap((points, block) => smooth(points).map(({ step, value }) => ({ run: name, block: block + 1, step, value }))),
  );
  const drawn = values.filter(({ value }) => Number.isFinite(value) && (!log || value > 0));
  const range = drawn.map(({ value }) => value);
  const domain = paddedDomain(range, log);
  const panels = runs.map(({ name, dynamics }, panel) => {
    const count = dynamics.blocks.length;
    const own = drawn.filter(({ run }) => run === name);
    const x = { field: 'step', type: 'quantitative', title: 'steps', axis: { tickCount: 5, format: ',d' }, scale: { nice: false } };
    const y = {
      field: 'value',
      type: 'quantitative',
      title: panel === 0 ? axis : null,
      scale: { domain, nice: false, ...(log ? { type: 'log' } : { zero: false }) },
      axis: { tickCount: 6, format: log ? '~g' : '~s', minExtent: 32 },
    };
    const color = {
      field: 'block',
      type: 'ordinal',
      scale: {
        domain: Array.from({ length: count }, (_, i) => i + 1),
        range: Array.from({ length: count }, (_, i) => depthColor(i, count)),
      },
      legend: null,
    };
    return {
      title: panelTitle(name),
      width: panelWidth,
      height: 220,
      data: { values: own },
      layer: [
        { mark: { type: 'line', strokeWidth: 1.5, opacity: 0.92 }, encoding: { x, y, color, detail: { field: 'block' } } },
        {
          data: { values: lastPoints(own, count) },
          mark: { type: 'text', align: 'left', dx: 4, fontSize: 10.5, fontWeight: 600 },
          encoding: { x, y, color, text: { field: 'block' } },
        },
      ],
    };
  });
  const spec = { hconcat: panels, spacing: 22, resolve: { scale: { color: 'independent' } } };
  const ends = runs.map(({ name, steps, dynamics }) => {
    const at = dynamics.figures[figure].map((points, block) => `block ${block + 1} ${number(meanOver(points, 0.9 * steps, steps))}`);
    return `${name}, mean of the last tenth: ${at.join(', ')}`;
  });
  return { title, text, svg: await renderSvg(spec as unknown as TopLevelSpec, `${title} over steps. ${ends.join('. ')}.`) };
}

export const number = (value: number): string => (Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : '–');

/** The gradient norm against depth, in the first tenth of the run and in the last. */
export async function gradientProfile(runs: readonly DynamicRun[]): Promise<ReportFigure> {
  const styles = variantStyles(runs.map(({ name }) => ({ name, curve: [], evaluations: [], blocks: 0 })));
  const stretches = [
    { label: 'first tenth of the run', of: (points: readonly Point[], steps: number) => meanOver(points, 0, steps / 10) },
    { label: 'last tenth', of: (points: readonly Point[], steps: number) => meanOver(points, 0.9 * steps, steps) },
  ];
  const values = stretches.flatMap(({ label, of }) =>
    runs.flatMap(({ name, steps, dynamics }) =>
      dynamics.figures.gradientNorm.map((points, block) => ({ stretch: label, run: name, block: block + 1, value: of(points, steps) })),
    ),
  );
  const drawn = values.filter(({ value }) => value > 0);
  const panel = (label: string, first: boolean) => {
    const x = {
      field: 'block',
      type: 'quantitative',
      title: 'block, from the input up',
      axis: { tickMinStep: 1, format: 'd' },
      scale: { nice: false, padding: 10 },
    };
    const y = {
      field: 'value',
      type: 'quantitative',
      title: first ? 'gradient norm, log scale' : null,
      scale: {
        type: 'log',
        nice: false,
        domain: paddedDomain(
          drawn.map(({ value }) => value),
          true,
        ),
      },
      axis: { tickCount: 6, format: '~g', minExtent: 32 },
    };
    const by = (range: readonly unknown[]) => ({ field: 'run', type: 'nominal', scale: { domain: styles.map(({ name }) => name), range }, legend: null });
    return {
      title: panelTitle(label),
      width: 410,
      height: 200,
      data: { values: drawn.filter(({ stretch }) => stretch === label) },
      layer: [
        {
          mark: { type: 'line', strokeWidth: 2 },
          encoding: { x, y, color: by(styles.map(({ color }) => color)), strokeDash: by(styles.map(({ dash }) => (dash.length ? dash : [1, 0]))) },
        },
        {
          mark: { type: 'point', filled: true, size: 34, opacity: 1 },
          encoding: { x, y, color: by(styles.map(({ color }) => color)), shape: by(styles.map(({ shape }) => shape)) },
        },
      ],
    };
  };
  const spec = { hconcat: stretches.map(({ label }, i) => panel(label, i === 0)), spacing: 26 };
  const told = stretches.map(
    ({ label }) =>
      `${label}: ${runs.map(({ name }) => `${name} ${values.flatMap((one) => (one.run === name && one.stretch === label ? [number(one.value)] : [])).join(', ')}`).join('; ')}`,
  );
  return {
    title: 'Gradient norm against depth',
    text: 'Means over a tenth of the run. Level lines are balanced gradients.',
    svg: await renderSvg(spec as unknown as TopLevelSpec, `Gradient norm by block. ${told.join('. ')}.`),
  };
}

/** The norm of what leaves the last block, in training and at evaluations. */
export async function topChart(runs: readonly DynamicRun[]): Promise<ReportFigure> {
  const styles = variantStyles(runs.map(({ name }) => ({ name, curve: [], evaluations: [], blocks: 0 })));
  const points = (mode: 'train' | 'evaluate') =>
    runs.flatMap(({ name, dynamics }) => (mode === 'train' ? smooth(dynamics.top.train) : dynamics.top.evaluate).map((point) => ({ run: name, ...point })));
  const x = { field: 'step', type: 'quantitative', title: 'steps', axis: { tickCount: 6, format: ',d' }, scale: { nice: false, padding: 5 } };
  const y = { field: 'value', type: 'quantitative', title: 'L2 norm', scale: { zero: true }, axis: { tickCount: 6, format: '~s', minExtent: 36 } };
  const by = (range: readonly unknown[]) => ({ field: 'run', type: 'nominal', scale: { domain: styles.map(({ name }) => name), range }, legend: null });
  const color = by(styles.map((style) => style.color));
  const spec = {
    width: 900,
    height: 220,
    layer: [
      { data: { values: points('train') }, mark: { type: 'line', strokeWidth: 1.4, opacity: 0.75 }, encoding: { x, y, color } },
      { data: { values: points('evaluate') }, mark: { type: 'line', strokeWidth: 1, strokeDash: [2, 3] }, encoding: { x, y, color } },
      {
        data: { values: points('evaluate') },
        mark: { type: 'point', filled: true, size: 44, opacity: 1 },
        encoding: { x, y, color, shape: by(styles.map(({ shape }) => shape)) },
      },
    ],
  };
  const ends = runs.map(
    ({ name, steps, dynamics }) =>
      `${name}: training ${number(meanOver(dynamics.top.train, 0.9 * steps, steps))}, evaluation ${number(dynamics.top.evaluate.at(-1)?.value ?? Number.NaN)}`,
  );
  return {
    title: 'Norm of what leaves the last block',
    text: 'In PreLN the input of the final LayerNorm: lines in training, with dropout and gates; points at evaluations of the whole network. PostLN blocks end with a LayerNorm, so theirs is nearly constant.',
    svg: await renderSvg(spec as unknown as TopLevelSpec, `Norm of what leaves the last block against steps. At the end, ${ends.join('; ')}.`),
  };
}

/** Every figure of these runs, panels side by side. */
export const dynamicsFigures = async (runs: readonly DynamicRun[]): Promise<readonly ReportFigure[]> =>
  runs.length === 0
    ? []
    : [
        await gradientProfile(runs),
        await blockChart('gradientNorm', runs),
        await blockChart('distance', runs),
        await blockChart('cosine', runs),
        await topChart(runs),
      ];

import type { TopLevelSpec } from 'vega-lite';
import { variantStyles } from './palette.js';
import { heatCells, runningMean, thin } from './series.js';
import { renderSvg } from './svg.js';
import type { ReportVariant } from './types.js';

const activeCounts = (variant: ReportVariant): readonly number[] => (variant.active ?? []).map((row) => row.filter(Boolean).length);

/** Theta of each variant that reports it, against steps. */
export async function thetaChart(variants: readonly ReportVariant[]): Promise<string> {
  const styles = variantStyles(variants);
  const withTheta = variants.filter((variant) => variant.curve.some((point) => point.theta !== undefined));
  const values = withTheta.flatMap((variant) => thin(variant.curve, 300).map((point) => ({ variant: variant.name, step: point.step, theta: point.theta })));
  const spec = {
    width: 430,
    height: 130,
    data: { values },
    mark: { type: 'line', strokeWidth: 2 },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'steps', axis: { tickCount: 6, format: ',d' }, scale: { nice: false } },
      y: { field: 'theta', type: 'quantitative', title: 'theta', scale: { domain: [0, 1] }, axis: { tickCount: 5, minExtent: 24 } },
      color: { field: 'variant', type: 'nominal', scale: { domain: styles.map((s) => s.name), range: styles.map((s) => s.color) }, legend: null },
    },
  };
  const ends = withTheta.map((variant) => `${variant.name} ends at theta ${(variant.curve.at(-1)?.theta ?? 1).toFixed(3)}`);
  return renderSvg(spec as unknown as TopLevelSpec, `Line chart of theta against steps. ${ends.join('; ')}.`);
}

/** Active blocks of one variant against steps: each step a dot, their running mean, and what the method expects. */
export async function activeChart(variant: ReportVariant, color: string): Promise<string> {
  const counts = activeCounts(variant);
  const mean = runningMean(counts, Math.max(3, Math.floor(counts.length / 40)));
  const dots = thin(
    counts.map((count, i) => ({ step: i + 1, count })),
    400,
  );
  const smooth = thin(
    mean.map((count, i) => ({ step: i + 1, count })),
    300,
  );
  const expected = thin(variant.curve, 300).flatMap((point) => (point.expectedActive === undefined ? [] : [{ step: point.step, count: point.expectedActive }]));
  const x = { field: 'step', type: 'quantitative', title: 'steps', axis: { tickCount: 6, format: ',d' }, scale: { nice: false } };
  const y = {
    field: 'count',
    type: 'quantitative',
    title: 'active blocks',
    scale: { domain: [0, variant.blocks] },
    axis: { tickCount: Math.min(variant.blocks, 6), format: 'd', minExtent: 24 },
  };
  const spec = {
    width: 430,
    height: 130,
    layer: [
      { data: { values: dots }, mark: { type: 'point', filled: true, size: 9, opacity: 0.3, color }, encoding: { x, y } },
      { data: { values: expected }, mark: { type: 'line', strokeWidth: 1.6, strokeDash: [4, 3], color: 'var(--soft)' }, encoding: { x, y } },
      { data: { values: smooth }, mark: { type: 'line', strokeWidth: 2, color }, encoding: { x, y } },
    ],
  };
  const total = counts.reduce((sum, count) => sum + count, 0);
  return renderSvg(
    spec as unknown as TopLevelSpec,
    `Active blocks of ${variant.name} in each step: ${total} block runs of ${counts.length * variant.blocks} possible.`,
  );
}

/** Which block ran in which step, the lowest block at the bottom; where steps share a column, the shade is the share of them. */
export async function heatMap(variant: ReportVariant, color: string): Promise<string> {
  const active = variant.active ?? [];
  const cells = heatCells(active, 450).map((cell) => ({ ...cell, name: `${cell.block + 1}` }));
  const names = Array.from({ length: variant.blocks }, (_, i) => `${variant.blocks - i}`);
  const spec = {
    width: 940,
    height: Math.min(300, 24 * variant.blocks),
    data: { values: cells },
    mark: { type: 'rect', color, stroke: null },
    encoding: {
      x: { field: 'from', type: 'quantitative', title: 'steps', scale: { domain: [0, active.length], nice: false }, axis: { tickCount: 10, format: ',d' } },
      x2: { field: 'to' },
      y: { field: 'name', type: 'nominal', title: 'block', sort: null, scale: { domain: names, paddingInner: 0.14 }, axis: { domain: false } },
      opacity: { field: 'share', type: 'quantitative', scale: { domain: [0, 1], range: [0, 1] }, legend: null },
    },
  };
  const runs = Array.from({ length: variant.blocks }, (_, block) => active.filter((row) => row[block]).length);
  const shares = runs.map((count, block) => `block ${block + 1} ${Math.round((100 * count) / Math.max(1, active.length))} %`);
  return renderSvg(spec as unknown as TopLevelSpec, `Heat map of which block of ${variant.name} ran in which step. Share of steps: ${shares.join(', ')}.`);
}

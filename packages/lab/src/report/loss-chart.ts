import type { TopLevelSpec } from 'vega-lite';
import { type VariantStyle, variantStyles } from './palette.js';
import { smoothCurve, thin } from './series.js';
import { renderSvg } from './svg.js';
import type { LossAxis, ReferenceLine, ReportVariant } from './types.js';

const titles: Readonly<Record<LossAxis, string>> = { step: 'steps', seconds: 'training time, seconds', tokens: 'tokens read' };

/** The range of losses worth showing: all held-out losses and reference lines, but not the cliff of the first steps. */
export function lossDomain(variants: readonly ReportVariant[], references: readonly ReferenceLine[]): readonly [number, number] {
  const ends = variants.flatMap((variant) => variant.evaluations.map((point) => point.loss));
  const all = (ends.length ? ends : variants.flatMap((variant) => smoothCurve(variant.curve).map((point) => point.loss))).filter(Number.isFinite);
  const lines = references.map((line) => line.loss);
  if (all.length + lines.length === 0) return [0, 1];
  const low = Math.min(...all, ...lines);
  const settled = variants.flatMap((variant) => variant.evaluations.slice(Math.ceil(variant.evaluations.length / 4)).map((point) => point.loss));
  const usual = Math.max(...lines, ...(settled.length ? settled : all));
  const highest = Math.max(usual, ...all);
  const high = highest <= low + 2 * (usual - low) ? highest : usual; // the first losses too, unless they would flatten the rest
  const pad = Math.max(0.02, (high - low) * 0.08);
  return [low - pad, high + pad];
}

/** Where labels of horizontal lines stand so that none covers another: pushed apart to `gap`, in order of height. */
export function spreadLabels(references: readonly ReferenceLine[], gap: number): readonly (ReferenceLine & { readonly at: number })[] {
  const sorted = [...references].sort((a, b) => b.loss - a.loss);
  let ceiling = Number.POSITIVE_INFINITY;
  return sorted.map((line) => {
    const at = Math.min(line.loss, ceiling - gap);
    ceiling = at;
    return { ...line, at };
  });
}

const scale = (styles: readonly VariantStyle[], range: (style: VariantStyle) => unknown) => ({
  domain: styles.map((style) => style.name),
  range: styles.map(range),
});

/**
 * Held-out loss against steps, time or tokens, with the reference lines; the smoothed training loss where nothing was held out. Single batches are
 * so noisy that both in one chart would hide what differs.
 * @param size width and height of the plotting area in pixels
 */
export async function lossChart(
  variants: readonly ReportVariant[],
  references: readonly ReferenceLine[],
  axis: LossAxis,
  size: { readonly width: number; readonly height: number } = { width: 430, height: 270 },
): Promise<string> {
  const styles = variantStyles(variants);
  const domain = lossDomain(variants, references);
  const gap = ((domain[1] - domain[0]) * 13) / size.height;
  const measured = variants.some((variant) => variant.evaluations.length > 1);
  const training = (measured ? [] : variants).flatMap((variant) =>
    thin(smoothCurve(variant.curve), 160).map((point) => ({ variant: variant.name, x: point[axis], loss: point.loss })),
  );
  const heldOut = variants.flatMap((variant) => variant.evaluations.map((point) => ({ variant: variant.name, x: point[axis], loss: point.loss })));
  const x = {
    field: 'x',
    type: 'quantitative',
    title: titles[axis],
    axis: { tickCount: 6, format: axis === 'tokens' ? '~s' : ',.2~f' },
    scale: { nice: false, padding: 5 },
  };
  const y = {
    field: 'loss',
    type: 'quantitative',
    title: 'MLM loss, nats',
    scale: { domain, zero: false, nice: false },
    axis: { tickCount: 6, format: '.2f', minExtent: 36 },
  };
  const color = { field: 'variant', type: 'nominal', scale: scale(styles, (style) => style.color), legend: null };
  const dash = { field: 'variant', type: 'nominal', scale: scale(styles, (style) => (style.dash.length ? style.dash : [1, 0])), legend: null };
  const shape = { field: 'variant', type: 'nominal', scale: scale(styles, (style) => style.shape), legend: null };
  const lines = spreadLabels(references, gap);
  const label = (mark: object) => ({
    data: { values: lines },
    mark: { type: 'text', align: 'right', baseline: 'bottom', dy: -3, fontSize: 10.5, ...mark },
    encoding: { x: { value: size.width }, y: { ...y, field: 'at' }, text: { field: 'label' } },
  });
  const spec = {
    width: size.width,
    height: size.height,
    layer: [
      { data: { values: training }, mark: { type: 'line', clip: true, strokeWidth: 1, opacity: 0.28 }, encoding: { x, y, color } },
      { data: { values: lines }, mark: { type: 'rule', strokeDash: [1, 4], strokeCap: 'round', strokeWidth: 1.6, color: 'var(--soft)' }, encoding: { y } },
      { data: { values: heldOut }, mark: { type: 'line', clip: true, strokeWidth: 2 }, encoding: { x, y, color, strokeDash: dash } },
      { data: { values: heldOut }, mark: { type: 'point', clip: true, filled: true, size: 34, opacity: 1 }, encoding: { x, y, color, shape } },
      label({ color: 'var(--card)', stroke: 'var(--card)', strokeWidth: 3.5, strokeJoin: 'round' }),
      label({ color: 'var(--soft)' }),
    ],
  };
  return renderSvg(spec as unknown as TopLevelSpec, describe(variants, references, axis));
}

function describe(variants: readonly ReportVariant[], references: readonly ReferenceLine[], axis: LossAxis): string {
  const ends = variants.flatMap((variant) => {
    const last = variant.evaluations.at(-1);
    return last ? [`${variant.name} ends at ${last.loss.toFixed(3)} after ${Math.round(last[axis] ?? 0)}`] : [];
  });
  const lines = references.map((line) => `${line.label}: ${line.loss.toFixed(3)}`);
  return `Line chart of held-out loss in nats against ${titles[axis]}. ${[...ends, ...lines].join('; ')}.`;
}

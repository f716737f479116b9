import type { TopLevelSpec } from 'vega-lite';
import { renderSvg } from './svg.js';
import type { ReportVariant, StepParts } from './types.js';

/** The parts of a step in the order in which they are stacked, with their colour. */
export const stepParts: readonly { readonly key: keyof StepParts; readonly label: string; readonly color: string }[] = [
  { key: 'data', label: 'data', color: 'var(--p0)' },
  { key: 'forwardBackward', label: 'forward and backward', color: 'var(--p1)' },
  { key: 'update', label: 'optimizer', color: 'var(--p2)' },
  { key: 'other', label: 'other', color: 'var(--p3)' },
];

/** Mean milliseconds of a step by part, a bar for each variant. */
export async function partsChart(variants: readonly ReportVariant[]): Promise<string> {
  const measured = variants.filter((variant) => variant.parts);
  const values = measured.flatMap((variant) => {
    let from = 0;
    return stepParts.map((part) => {
      const ms = 1000 * variant.parts![part.key];
      from += ms;
      return { variant: variant.name, part: part.label, from: from - ms, to: from };
    });
  });
  const totals = measured.map((variant) => {
    const ms = 1000 * stepParts.reduce((sum, part) => sum + variant.parts![part.key], 0);
    return { variant: variant.name, ms, label: `${ms.toFixed(ms < 10 ? 1 : 0)} ms` };
  });
  const y = { field: 'variant', type: 'nominal', title: null, sort: null, axis: { labelColor: 'var(--ink)', labelFontSize: 12, labelLimit: 260 } };
  const spec = {
    width: 700,
    height: { step: 30 },
    layer: [
      {
        data: { values },
        mark: { type: 'bar', height: 17 },
        encoding: {
          x: { field: 'from', type: 'quantitative', title: 'milliseconds a step', axis: { tickCount: 8, grid: true } },
          x2: { field: 'to' },
          y,
          color: { field: 'part', type: 'nominal', scale: { domain: stepParts.map((p) => p.label), range: stepParts.map((p) => p.color) }, legend: null },
        },
      },
      {
        data: { values: totals },
        mark: { type: 'text', align: 'left', dx: 6, fontSize: 11, color: 'var(--soft)' },
        encoding: { x: { field: 'ms', type: 'quantitative' }, y, text: { field: 'label' } },
      },
    ],
  };
  return renderSvg(spec as unknown as TopLevelSpec, `Bars of the time a step takes. ${totals.map((total) => `${total.variant}: ${total.label}`).join('; ')}.`);
}

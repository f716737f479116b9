import { heatMap } from './dropping-charts.js';
import { escapeHtml } from './escape.js';
import { lossChart } from './loss-chart.js';
import { paletteCss, type VariantStyle, variantStyles } from './palette.js';
import { svgSize } from './svg.js';
import type { Report } from './types.js';

const width = 1040;
const margin = 28;

const text = (x: number, y: number, className: string, content: string): string => `<text x="${x}" y="${y}" class="${className}">${escapeHtml(content)}</text>`;

/** An SVG placed inside another, scaled to a width; answers with its text and its height there. */
function place(svg: string, x: number, y: number, to: number): readonly [string, number] {
  const size = svgSize(svg);
  const height = (size.height * to) / size.width;
  return [svg.replace(/ width="[\d.]+" height="[\d.]+"/, ` x="${x}" y="${y}" width="${to}" height="${height.toFixed(1)}"`), height];
}

const legend = (styles: readonly VariantStyle[], y: number): string => {
  let x = margin;
  return styles
    .map((style) => {
      const at = x;
      x += 62 + 6.7 * style.name.length;
      const line = `<line x1="${at}" y1="${y - 4}" x2="${at + 28}" y2="${y - 4}" stroke="${style.color}" stroke-width="2.4" stroke-dasharray="${style.dash.join(' ')}"/>`;
      return `${line}${text(at + 36, y, 'key', style.name)}`;
    })
    .join('');
};

/** A report's heading, headlines and most telling charts as one SVG, e.g. for a README; readable on light and dark pages. */
export async function renderPicture(report: Report): Promise<string> {
  const styles = variantStyles(report.variants);
  const inner = width - 2 * margin;
  const half = (inner - 24) / 2;
  const parts: string[] = [text(margin, 46, 'eyebrow', report.kind), text(margin, 78, 'title', report.title)];
  let y = 100;
  const tile = inner / Math.max(1, report.headlines.length);
  report.headlines.forEach(({ value, label }, i) => {
    parts.push(text(margin + i * tile, y + 36, 'value', value), text(margin + i * tile, y + 58, 'label', label));
  });
  y += report.headlines.length ? 92 : 12;
  parts.push(legend(styles, y));
  y += 14;
  let below = 0;
  for (const [i, axis] of report.axes.slice(0, 2).entries()) {
    const [svg, height] = place(await lossChart(report.variants, report.references, axis), margin + i * (half + 24), y, half);
    parts.push(svg);
    below = Math.max(below, height);
  }
  y += below + 18;
  const gated = report.variants.findIndex((variant) => variant.active?.some((row) => row.includes(false)));
  if (gated >= 0) {
    const variant = report.variants[gated]!;
    parts.push(text(margin, y + 8, 'label', `${variant.name}: which block ran when`));
    const [svg, height] = place(await heatMap(variant, styles[gated]!.color), margin, y + 16, inner);
    parts.push(svg);
    y += height + 20;
  }
  const label = escapeHtml(`${report.title}. ${report.lede}`);
  const style = `${paletteCss('svg')}text{font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Inter,Roboto,Arial,sans-serif}.eyebrow{font-size:12.5px;font-weight:600;fill:var(--accent)}.title{font-size:24px;font-weight:680;fill:var(--ink)}.value{font-size:28px;font-weight:680;fill:var(--ink)}.label{font-size:13px;fill:var(--soft)}.key{font-size:12.5px;fill:var(--ink)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}" width="${width}" height="${Math.ceil(y + 16)}" viewBox="0 0 ${width} ${Math.ceil(y + 16)}"><style>${style}</style><rect width="100%" height="100%" rx="14" fill="var(--card)" stroke="var(--line)"/>${parts.join('')}</svg>
`;
}

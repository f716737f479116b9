import { activeChart, heatMap, thetaChart } from './dropping-charts.js';
import { escapeHtml } from './escape.js';
import { lossChart } from './loss-chart.js';
import { type VariantStyle, variantStyles } from './palette.js';
import { partsChart, stepParts } from './parts-chart.js';
import { pageStyle } from './style.js';
import type { LossAxis, Report, ReportTable, ReportVariant } from './types.js';

/**
 * A report as one self-contained HTML file: no script, no font, no picture from elsewhere; charts are inlined SVG. Readable in light and dark,
 * on a narrow screen and in print; each chart has a description in words, and the numbers behind the loss charts stand in a table.
 */
export async function renderReport(report: Report): Promise<string> {
  const styles = variantStyles(report.variants);
  const own = (report.figures ?? []).map(({ title, text, svg }) => figure(title, text, svg, true));
  const charts = [...own, ...(await lossFigures(report)), ...(await droppingFigures(report.variants, styles)), ...(await partsFigure(report.variants))];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${report.title} · ${report.kind}`)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">${escapeHtml(report.kind)} · ${escapeHtml(dateOf(report.made))}</p>
<h1>${escapeHtml(report.title)}</h1>
<p class="lede">${escapeHtml(report.lede)}</p>
</header>
${headlines(report)}
${report.tables.map((table) => tableHtml(table, styles)).join('\n')}
<h2>Charts</h2>
${legend(styles)}
<div class="grid">
${charts.join('\n')}
</div>
${heldOutNumbers(report.variants)}
${report.notes.length ? `<h2>What this shows, and what it does not</h2>\n<ul class="notes">${report.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>` : ''}
<h2>How it was made</h2>
<dl>${[...report.settings, ...report.machine].map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
<footer>Made by <code>${escapeHtml(report.command ?? report.kind)}</code>. Losses are in nats; times are wall-clock seconds of training steps alone.</footer>
</main>
</body>
</html>
`;
}

const dateOf = (made: Date): string => `${made.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function headlines(report: Report): string {
  if (report.headlines.length === 0) return '';
  const tiles = report.headlines.map(
    ({ value, label, detail }) =>
      `<li class="tile"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span>${detail ? `<small>${escapeHtml(detail)}</small>` : ''}</li>`,
  );
  return `<ul class="tiles">${tiles.join('')}</ul>`;
}

function tableHtml(table: ReportTable, styles: readonly VariantStyle[]): string {
  const head = table.columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('');
  const rows = table.rows.map(([name = '', ...cells]) => {
    const style = styles.find((candidate) => candidate.name === name);
    const swatch = style ? `<span class="swatch" style="background:${style.color}"></span>` : '';
    return `<tr><th scope="row">${swatch}${escapeHtml(name)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  const caption = table.caption ? `<p class="caption">${escapeHtml(table.caption)}</p>` : '';
  return `<section><h2>${escapeHtml(table.title)}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${caption}</section>`;
}

function legend(styles: readonly VariantStyle[]): string {
  const item = (style: VariantStyle): string =>
    `<li><svg width="30" height="10" aria-hidden="true"><line x1="0" y1="5" x2="30" y2="5" stroke="${style.color}" stroke-width="2.4" stroke-dasharray="${style.dash.join(' ')}"/></svg>${escapeHtml(style.name)}</li>`;
  return `<ul class="legend">${styles.map(item).join('')}</ul>`;
}

const figure = (title: string, text: string, svg: string, wide = false): string =>
  `<figure${wide ? ' class="wide"' : ''}><figcaption><h3>${escapeHtml(title)}</h3>${escapeHtml(text)}</figcaption>${svg}</figure>`;

const axisTitles: Readonly<Record<LossAxis, string>> = { step: 'Loss at equal steps', seconds: 'Loss at equal time', tokens: 'Loss at equal tokens' };

async function lossFigures(report: Report): Promise<string[]> {
  const heldOut = report.variants.some((variant) => variant.evaluations.length > 1);
  const text = heldOut ? 'Loss on the held-out batches, the whole network evaluated.' : 'Training loss, smoothed.';
  return Promise.all(report.axes.map(async (axis) => figure(axisTitles[axis], text, await lossChart(report.variants, report.references, axis))));
}

async function droppingFigures(variants: readonly ReportVariant[], styles: readonly VariantStyle[]): Promise<string[]> {
  const gated = variants.flatMap((variant, i) => (variant.active?.some((row) => row.includes(false)) ? [{ variant, color: styles[i]!.color }] : []));
  const theta = gated.some(({ variant }) => variant.curve.some((point) => point.theta !== undefined));
  const figures = theta ? [figure('Theta', 'The schedule that sets the keep probabilities.', await thetaChart(variants))] : [];
  for (const { variant, color } of gated) {
    const text = `${variant.name}: each step a dot, their running mean, and dashed what the method expects.`;
    figures.push(figure('Active blocks', text, await activeChart(variant, color)));
  }
  for (const { variant, color } of gated) {
    const text = `${variant.name}: coloured where the block ran, empty where it was skipped; the lowest block at the bottom.`;
    figures.push(figure('Which block ran when', text, await heatMap(variant, color), true));
  }
  return figures;
}

async function partsFigure(variants: readonly ReportVariant[]): Promise<string[]> {
  if (!variants.some((variant) => variant.parts)) return [];
  const keys = stepParts.map((part) => `<li><span class="swatch" style="background:${part.color};margin:0"></span>${escapeHtml(part.label)}</li>`).join('');
  const chart = `<ul class="legend" style="margin:8px 0 0">${keys}</ul>${await partsChart(variants)}`;
  return [figure('Time of a step by part', 'Mean over all timed steps.', chart, true)];
}

function heldOutNumbers(variants: readonly ReportVariant[]): string {
  const rows = variants.flatMap((variant) =>
    variant.evaluations.map(
      (point) =>
        `<tr><th scope="row">${escapeHtml(variant.name)}</th><td>${point.step}</td><td>${point.seconds.toFixed(2)}</td><td>${point.loss.toFixed(4)}</td></tr>`,
    ),
  );
  if (rows.length === 0) return '';
  const head = ['Variant', 'Step', 'Training seconds', 'Held-out loss'].map((column) => `<th scope="col">${column}</th>`).join('');
  return `<details><summary>The numbers behind the loss charts</summary><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`;
}
